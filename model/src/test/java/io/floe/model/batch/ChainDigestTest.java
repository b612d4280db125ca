package io.floe.model.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;

class ChainDigestTest {

  @Test
  void equalsTheReferenceXxh64() {
    Random random = new Random(7);
    for (int i = 0; i < 1_000; i++) {
      long digest = random.nextLong();
      long baseOffset = random.nextLong();
      int epoch = random.nextInt();
      int size = random.nextInt();
      int crc = random.nextInt();
      ByteBuffer input = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
      input.putLong(baseOffset).putInt(epoch).putInt(size).putInt(crc).putInt(0);
      long expected = XXHashFactory.safeInstance().hash64().hash(input.array(), 0, 24, digest);
      assertThat(ChainDigest.next(digest, baseOffset, epoch, size, crc)).isEqualTo(expected);
    }
  }

  @Test
  void startsDifferentlyInEachSegment() {
    assertThat(ChainDigest.start(1)).isNotEqualTo(ChainDigest.start(2));
  }
}

package io.floe.model.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.xerial.snappy.Snappy;

class SnappyFormsTest {

  /// librdkafka and its wrappers send one raw block, without xerial's framing.
  @Test
  void readsOneRawBlock() throws IOException {
    ByteBuffer plain =
        new BatchBuilder(Compression.NONE, 10).append(7, null, ByteBuffer.allocate(50_000)).build();
    byte[] records = Arrays.copyOfRange(plain.array(), BatchHeader.SIZE_BYTES, plain.remaining());
    byte[] raw = Snappy.compress(records);
    ByteBuffer batch = ByteBuffer.allocate(BatchHeader.SIZE_BYTES + raw.length);
    batch.put(0, plain, 0, BatchHeader.SIZE_BYTES).put(BatchHeader.SIZE_BYTES, raw);
    batch.putShort(BatchHeader.ATTRIBUTES, (short) Compression.SNAPPY.id());
    batch.putInt(BatchHeader.LENGTH, batch.limit() - BatchHeader.LENGTH_PREFIX_BYTES);
    RecordCursor cursor = new BatchReader(100_000).open(batch, 0);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.valueSize()).isEqualTo(50_000);
    assertThat(cursor.timestamp()).isEqualTo(7);
    assertThat(cursor.next()).isFalse();
  }
}

package io.floe.model.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BatchBuilderTest {

  @Test
  void saysWhenTheTargetIsReached() {
    BatchBuilder builder = new BatchBuilder(Compression.NONE, 1_000);
    assertThat(builder.hasRoomFor(1_000_000, 0)).isTrue();
    while (builder.hasRoomFor(100, 0)) {
      builder.append(5, null, ByteBuffer.allocate(100));
    }
    assertThat(builder.recordCount()).isGreaterThan(5);
    assertThat(builder.build().remaining()).isLessThanOrEqualTo(1_000);
  }

  @Test
  void startsAfreshAfterBegin() {
    BatchBuilder builder = new BatchBuilder(Compression.ZSTD, 1_000);
    builder.begin(0).producer(9, (short) 1, 5).transactional().logAppendTime(3);
    builder.append(5, null, ByteBuffer.allocate(100));
    builder.build();
    ByteBuffer second = builder.begin(70).append(6, null, null).build();
    assertThat(BatchHeader.baseOffset(second, 0)).isEqualTo(70);
    assertThat(BatchHeader.recordCount(second, 0)).isEqualTo(1);
    assertThat(BatchHeader.producerId(second, 0)).isEqualTo(BatchHeader.NO_PRODUCER_ID);
    assertThat(BatchHeader.attributes(second, 0)).isEqualTo((short) Compression.ZSTD.id());
    assertThat(BatchHeader.maxTimestamp(second, 0)).isEqualTo(6);
  }

  @Test
  void givesTheTimeOfTheAppendToEveryRecord() {
    BatchBuilder builder = new BatchBuilder(Compression.NONE, 1_000).begin(0).logAppendTime(777);
    ByteBuffer batch = builder.append(5, null, null).append(9, null, null).build();
    RecordCursor cursor = new BatchReader(1_000).open(batch, 0);
    while (cursor.next()) {
      assertThat(cursor.timestamp()).isEqualTo(777);
      assertThat(cursor.isLogAppendTime()).isTrue();
    }
  }

  @Test
  void refusesToBuildAnEmptyBatch() {
    assertThatThrownBy(() -> new BatchBuilder(Compression.NONE, 10).build())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void walksAnUncompressedBatchWithoutGarbage() {
    BatchBuilder builder = new BatchBuilder(Compression.NONE, 1 << 20);
    ByteBuffer key = ByteBuffer.allocate(10);
    for (int i = 0; i < 1_000; i++) {
      builder.append(i, key, key);
    }
    ByteBuffer batch = builder.build();
    BatchReader reader = new BatchReader(1_000);
    ByteBuffer target = ByteBuffer.allocate(100);
    long sum = 0;
    for (int i = 0; i < 20; i++) {
      sum += walk(reader, batch, target);
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 100; i++) {
      sum += walk(reader, batch, target);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(sum).isPositive();
    // 100 000 records; a single object for each would be 1.6 MB.
    assertThat(allocated).isLessThan(20_000);
  }

  private static long walk(BatchReader reader, ByteBuffer batch, ByteBuffer target) {
    long sum = 0;
    RecordCursor cursor = reader.open(batch, 0);
    while (cursor.next()) {
      target.clear();
      cursor.copyKey(target);
      cursor.copyValue(target);
      sum += cursor.offset() + cursor.timestamp() + target.position();
    }
    return sum;
  }
}

package io.floe.model.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Floe's codec against Kafka's own, both ways.
class KafkaCompatibilityTest {
  private static final int ROUNDS = 150;
  private static final int LIMIT = 64 << 20;

  private final BatchReader reader = new BatchReader(LIMIT);

  @ParameterizedTest
  @EnumSource
  void readsWhatKafkaBuilds(Compression compression) {
    for (int round = 0; round < ROUNDS; round++) {
      long seed = compression.id() * 1_000_003L + round;
      Random random = new Random(seed);
      long baseOffset = random.nextLong() >>> 3;
      List<SampleRecord> records = randomRecords(random, baseOffset);
      boolean isLogAppendTime = random.nextInt(5) == 0;
      boolean isIdempotent = random.nextBoolean();
      MemoryRecordsBuilder builder =
          MemoryRecords.builder(
              ByteBuffer.allocate(64),
              RecordBatch.MAGIC_VALUE_V2,
              kafka(compression),
              isLogAppendTime ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
              baseOffset,
              isLogAppendTime ? 99_000 : RecordBatch.NO_TIMESTAMP,
              isIdempotent ? random.nextInt(1 << 30) : RecordBatch.NO_PRODUCER_ID,
              isIdempotent ? (short) random.nextInt(1 << 15) : RecordBatch.NO_PRODUCER_EPOCH,
              isIdempotent ? Integer.MAX_VALUE - random.nextInt(3) : RecordBatch.NO_SEQUENCE,
              isIdempotent && random.nextBoolean(),
              random.nextInt(1 << 20));
      for (SampleRecord record : records) {
        builder.append(
            record.timestamp(),
            SampleRecord.bytes(record.key()),
            SampleRecord.bytes(record.value()),
            record.kafkaHeaders());
      }
      ByteBuffer built = builder.build().buffer();
      int position = random.nextInt(100);
      ByteBuffer placed = placeAt(built, position, random.nextBoolean());

      BatchValidation.Result result =
          BatchValidation.checkRecords(
              placed, position, LIMIT, BatchValidation.Origin.INTERNAL, reader);
      assertThat(result)
          .as("seed %s", seed)
          .isEqualTo(new BatchValidation.Valid(BatchInfo.of(placed, position)));
      List<SampleRecord> expected = new ArrayList<>();
      MemoryRecords.readableRecords(built)
          .records()
          .forEach(record -> expected.add(SampleRecord.of(record)));
      assertThat(expected).hasSameSizeAs(records);
      assertThat(read(placed, position)).as("seed %s", seed).isEqualTo(expected);
      if (!isLogAppendTime) {
        assertThat(expected).isEqualTo(records);
      }
      MutableRecordBatch kafkaBatch = batchOf(built);
      assertThat(BatchInfo.of(placed, position).lastSequence())
          .isEqualTo(isIdempotent ? kafkaBatch.lastSequence() : lastOfNoSequence(records.size()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void kafkaReadsWhatFloeBuilds(Compression compression) {
    BatchBuilder builder = new BatchBuilder(compression, 1 << 20);
    for (int round = 0; round < ROUNDS; round++) {
      long seed = 7_777 + compression.id() * 1_000_003L + round;
      Random random = new Random(seed);
      long baseOffset = random.nextLong() >>> 3;
      List<SampleRecord> records = randomRecords(random, baseOffset);
      builder.begin(baseOffset).epoch(random.nextInt(1 << 20));
      boolean isIdempotent = random.nextBoolean();
      int baseSequence = Integer.MAX_VALUE - random.nextInt(100);
      if (isIdempotent) {
        builder.producer(random.nextInt(1 << 30), (short) random.nextInt(1 << 15), baseSequence);
        builder.transactional();
      }
      boolean isDirect = random.nextBoolean();
      for (SampleRecord record : records) {
        builder.append(
            record.timestamp(),
            SampleRecord.buffer(record.key(), isDirect),
            SampleRecord.buffer(record.value(), isDirect),
            record.floeHeaders());
      }
      ByteBuffer built = builder.build();

      MutableRecordBatch batch = batchOf(built);
      batch.ensureValid();
      assertThat(batch.sizeInBytes()).isEqualTo(built.remaining());
      assertThat(batch.compressionType().id).isEqualTo((byte) compression.id());
      assertThat(batch.countOrNull()).isEqualTo(records.size());
      assertThat(batch.lastOffset()).isEqualTo(baseOffset + records.size() - 1);
      assertThat(batch.maxTimestamp())
          .isEqualTo(records.stream().mapToLong(SampleRecord::timestamp).max().orElseThrow());
      assertThat(batch.isTransactional()).isEqualTo(isIdempotent);
      if (isIdempotent) {
        assertThat(batch.baseSequence()).isEqualTo(baseSequence);
        assertThat(batch.lastSequence()).isEqualTo(BatchInfo.of(built, 0).lastSequence());
      } else {
        assertThat(batch.hasProducerId()).isFalse();
        assertThat(batch.baseSequence()).isEqualTo(RecordBatch.NO_SEQUENCE);
        assertThat(batch.producerEpoch()).isEqualTo(RecordBatch.NO_PRODUCER_EPOCH);
      }
      List<SampleRecord> readByKafka = new ArrayList<>();
      for (Record record : batch) {
        record.ensureValid();
        readByKafka.add(SampleRecord.of(record));
      }
      assertThat(readByKafka).as("seed %s", seed).isEqualTo(records);
      assertThat(read(built, 0)).as("seed %s", seed).isEqualTo(records);
    }
  }

  @Test
  void writesTheSameBytesAsKafkaWhenNotCompressed() {
    for (int round = 0; round < ROUNDS; round++) {
      Random random = new Random(round);
      List<SampleRecord> records = randomRecords(random, 0);
      MemoryRecordsBuilder kafkaBuilder =
          MemoryRecords.builder(
              ByteBuffer.allocate(64), kafka(Compression.NONE), TimestampType.CREATE_TIME, 0);
      BatchBuilder builder = new BatchBuilder(Compression.NONE, 1 << 20);
      for (SampleRecord record : records) {
        kafkaBuilder.append(
            record.timestamp(),
            SampleRecord.bytes(record.key()),
            SampleRecord.bytes(record.value()),
            record.kafkaHeaders());
        builder.append(
            record.timestamp(),
            SampleRecord.buffer(record.key(), false),
            SampleRecord.buffer(record.value(), false),
            record.floeHeaders());
      }
      assertThat(builder.build()).as("seed %s", round).isEqualTo(kafkaBuilder.build().buffer());
    }
  }

  @Test
  void readsControlBatches() {
    ByteBuffer buffer =
        MemoryRecords.withEndTransactionMarker(
                17, 1_000, 3, 42L, (short) 5, new EndTransactionMarker(ControlRecordType.COMMIT, 9))
            .buffer();
    assertThat(BatchHeader.isControl(buffer, 0)).isTrue();
    RecordCursor cursor = reader.open(buffer, 0);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(17);
    ByteBuffer key = cursor.key();
    assertThat(key).isNotNull();
    assertThat(ControlRecordType.parse(key)).isEqualTo(ControlRecordType.COMMIT);
    assertThat(cursor.next()).isFalse();
    assertThat(BatchValidation.check(buffer, 0, LIMIT, BatchValidation.Origin.INTERNAL))
        .isInstanceOf(BatchValidation.Valid.class);
    assertThat(BatchValidation.check(buffer, 0, LIMIT, BatchValidation.Origin.CLIENT))
        .isInstanceOf(BatchValidation.Refused.class);
  }

  @ParameterizedTest
  @EnumSource
  void carriesLargeRecords(Compression compression) {
    byte[] large = new byte[3 << 20];
    new Random(5).nextBytes(large);
    // Half noise, half text: stored and compressed blocks.
    for (int i = 0; i < large.length / 2; i++) {
      large[i] = (byte) (i / 1000);
    }
    BatchBuilder builder = new BatchBuilder(compression, 1000);
    ByteBuffer built = builder.append(1, null, ByteBuffer.wrap(large)).build();
    MutableRecordBatch batch = batchOf(built);
    batch.ensureValid();
    assertThat(batch.iterator().next().value()).isEqualTo(ByteBuffer.wrap(large));
    RecordCursor cursor = reader.open(built, 0);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.value()).isEqualTo(ByteBuffer.wrap(large));
    assertThat(cursor.next()).isFalse();
  }

  private static List<SampleRecord> randomRecords(Random random, long baseOffset) {
    int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 500 : 20);
    int valueBytesMax = random.nextInt(10) == 0 ? 20_000 : 200;
    List<SampleRecord> records = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      records.add(SampleRecord.random(random, baseOffset + i, valueBytesMax));
    }
    return records;
  }

  private List<SampleRecord> read(ByteBuffer buffer, int position) {
    List<SampleRecord> records = new ArrayList<>();
    RecordCursor cursor = reader.open(buffer, position);
    while (cursor.next()) {
      records.add(SampleRecord.of(cursor));
    }
    return records;
  }

  private static ByteBuffer placeAt(ByteBuffer bytes, int position, boolean direct) {
    int size = position + bytes.remaining() + 13;
    ByteBuffer placed = direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
    placed.put(position, bytes, bytes.position(), bytes.remaining());
    return placed;
  }

  private static MutableRecordBatch batchOf(ByteBuffer buffer) {
    return MemoryRecords.readableRecords(buffer.duplicate()).batches().iterator().next();
  }

  private static int lastOfNoSequence(int count) {
    return (int) ((count - 2L) & Integer.MAX_VALUE);
  }

  private static org.apache.kafka.common.compress.Compression kafka(Compression compression) {
    return org.apache.kafka.common.compress.Compression.of(CompressionType.forId(compression.id()))
        .build();
  }
}

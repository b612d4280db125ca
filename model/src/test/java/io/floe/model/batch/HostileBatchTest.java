package io.floe.model.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.floe.model.batch.BatchValidation.Origin;
import io.floe.model.batch.BatchValidation.Reason;
import io.floe.model.batch.BatchValidation.Refused;
import io.floe.model.batch.BatchValidation.Valid;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What bytes that nobody meant well may do: be refused, with the field's name.
// A loop without end cannot be interrupted, so a thread of its own is given up.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileBatchTest {
  private static final int BATCH_MAX = 1 << 20;
  private static final int DECOMPRESSED_MAX = 1 << 20;

  private final BatchReader reader = new BatchReader(DECOMPRESSED_MAX);

  @ParameterizedTest
  @EnumSource
  void refusesEveryTruncation(Compression compression) {
    ByteBuffer batch = sample(compression);
    for (int size = 0; size < batch.limit(); size++) {
      ByteBuffer cut = copy(batch).limit(size);
      assertThat(BatchValidation.check(cut, 0, BATCH_MAX, Origin.CLIENT))
          .isInstanceOfSatisfying(
              Refused.class, it -> assertThat(it.reason()).isEqualTo(Reason.TRUNCATED));
      assertThatThrownBy(() -> drain(cut)).isInstanceOf(InvalidBatchException.class);
    }
  }

  /// As a truncation that also shortens the length field: only the records can tell.
  @ParameterizedTest
  @EnumSource
  void refusesRecordsThatEndEarly(Compression compression) {
    ByteBuffer batch = sample(compression);
    int tolerated = 0;
    for (int size = BatchHeader.SIZE_BYTES; size < batch.limit(); size++) {
      ByteBuffer cut = copy(batch).limit(size);
      cut.putInt(BatchHeader.LENGTH, size - BatchHeader.LENGTH_PREFIX_BYTES);
      cut.putInt(BatchHeader.CRC, BatchHeader.computeCrc(cut, 0, size));
      if (BatchValidation.checkRecords(cut, 0, BATCH_MAX, Origin.CLIENT, reader) instanceof Valid) {
        tolerated++;
      }
    }
    assertThat(tolerated).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void refusesEveryBitFlipBelowTheCrc(Compression compression) {
    ByteBuffer batch = sample(compression);
    for (int bit = 0; bit < batch.limit() * 8; bit++) {
      int at = bit / 8;
      // Base offset and epoch are the writer's to stamp; nothing checks them here.
      if (at < BatchHeader.LENGTH || (at >= BatchHeader.EPOCH && at < BatchHeader.MAGIC)) {
        continue;
      }
      ByteBuffer flipped = copy(batch);
      flipped.put(at, (byte) (flipped.get(at) ^ (1 << (bit % 8))));
      assertThat(BatchValidation.check(flipped, 0, BATCH_MAX, Origin.CLIENT))
          .as("bit %s", bit)
          .isInstanceOf(Refused.class);
    }
  }

  /// Random damage with a CRC that fits: nothing but an [InvalidBatchException] may come out.
  @ParameterizedTest
  @EnumSource
  void survivesRandomDamage(Compression compression) {
    ByteBuffer batch = sample(compression);
    int refused = 0;
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      ByteBuffer damaged = copy(batch);
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        int at = BatchHeader.ATTRIBUTES + random.nextInt(batch.limit() - BatchHeader.ATTRIBUTES);
        damaged.put(at, (byte) random.nextInt(256));
      }
      if (random.nextInt(4) == 0) {
        int size = BatchHeader.SIZE_BYTES + random.nextInt(batch.limit() - BatchHeader.SIZE_BYTES);
        damaged.putInt(BatchHeader.LENGTH, size - BatchHeader.LENGTH_PREFIX_BYTES);
        damaged.limit(size);
      }
      try {
        damaged.putInt(BatchHeader.CRC, BatchHeader.computeCrc(damaged, 0, damaged.limit()));
        if (BatchValidation.checkRecords(damaged, 0, BATCH_MAX, Origin.CLIENT, reader)
            instanceof Refused) {
          refused++;
        }
        drain(damaged);
      } catch (InvalidBatchException expected) {
        assertThat(expected.field()).isNotEmpty();
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertThat(refused).isGreaterThan(1_000);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void stopsADecompressionBombAtTheLimit(Compression compression) {
    ByteBuffer bomb =
        new BatchBuilder(compression, 1).append(0, null, ByteBuffer.allocate(40 << 20)).build();
    BatchReader small = new BatchReader(100_000);
    assertThatThrownBy(() -> small.open(bomb, 0))
        .isInstanceOf(InvalidBatchException.class)
        .hasMessageContaining("decompressed size")
        .hasMessageContaining("100000");
    assertThat(BatchValidation.checkRecords(bomb, 0, 64 << 20, Origin.CLIENT, small))
        .isInstanceOfSatisfying(
            Refused.class, it -> assertThat(it.reason()).isEqualTo(Reason.TOO_LARGE));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void acceptsRecordsThatJustFitTheLimit(Compression compression) {
    BatchBuilder builder = new BatchBuilder(compression, 1);
    ByteBuffer batch = builder.append(0, null, ByteBuffer.allocate(300_000)).build();
    int exact = builder.sizeBytes() - BatchHeader.SIZE_BYTES;
    assertThat(new BatchReader(exact).open(batch, 0).next()).isTrue();
    assertThatThrownBy(() -> new BatchReader(exact - 1).open(batch, 0))
        .hasMessageContaining("decompressed size");
  }

  /// A megabyte of frames without content: each takes work, none makes progress.
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void endsOnFramesWithoutContent(Compression compression) throws IOException {
    byte[] empty =
        switch (compression) {
          case GZIP -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            new GZIPOutputStream(bytes).close();
            yield bytes.toByteArray();
          }
          case ZSTD -> Zstd.compress(new byte[0]);
          // A raw block of length 0.
          case SNAPPY -> new byte[] {0, 0, 0, 1, 0};
          case LZ4 -> new byte[] {0, 0, 0, (byte) 0x80};
          case NONE -> throw new AssertionError();
        };
    byte[] start =
        switch (compression) {
          case SNAPPY -> HexFormat.of().parseHex("82534e4150505900" + "0000000100000001");
          case LZ4 -> HexFormat.of().parseHex("04224d18" + "604082");
          default -> new byte[0];
        };
    ByteBuffer batch = ByteBuffer.allocate(BATCH_MAX);
    batch.put(0, sample(compression), 0, BatchHeader.SIZE_BYTES);
    batch.putInt(BatchHeader.LENGTH, BATCH_MAX - BatchHeader.LENGTH_PREFIX_BYTES);
    batch.position(BatchHeader.SIZE_BYTES);
    batch.put(start);
    while (batch.remaining() >= empty.length) {
      batch.put(empty);
    }
    int size = batch.position();
    batch.position(0).limit(size);
    batch.putInt(BatchHeader.LENGTH, size - BatchHeader.LENGTH_PREFIX_BYTES);
    batch.putInt(BatchHeader.CRC, BatchHeader.computeCrc(batch, 0, size));
    assertThat(BatchValidation.checkRecords(batch, 0, BATCH_MAX, Origin.CLIENT, reader))
        .isInstanceOf(Refused.class);
  }

  @Test
  void readsEveryFieldOfAGzipHeader() {
    ByteBuffer batch = sample(Compression.GZIP);
    byte[] fields = HexFormat.of().parseHex("0300" + "aabbcc" + "6e00" + "6300" + "0000");
    ByteBuffer more = ByteBuffer.allocate(batch.limit() + fields.length);
    int data = BatchHeader.SIZE_BYTES + Framing.GZIP_HEADER_BYTES;
    more.put(0, batch, 0, data);
    more.put(data, fields);
    more.put(data + fields.length, batch, data, batch.limit() - data);
    more.put(BatchHeader.SIZE_BYTES + 3, (byte) 0x1E);
    more.putInt(BatchHeader.LENGTH, more.limit() - BatchHeader.LENGTH_PREFIX_BYTES);
    drain(more);
    more.put(BatchHeader.SIZE_BYTES + 3, (byte) 0x3E);
    assertThatThrownBy(() -> drain(more)).hasMessageContaining("gzip flags");
  }

  @Test
  void refusesAGzipTrailerThatDoesNotFit() {
    ByteBuffer batch = sample(Compression.GZIP);
    int end = batch.limit();
    batch.put(end - 8, (byte) (batch.get(end - 8) ^ 1));
    assertThatThrownBy(() -> drain(batch)).hasMessageContaining("gzip crc");
    batch.put(end - 8, (byte) (batch.get(end - 8) ^ 1));
    batch.put(end - 4, (byte) (batch.get(end - 4) ^ 1));
    assertThatThrownBy(() -> drain(batch)).hasMessageContaining("gzip size");
  }

  @Test
  void namesTheFieldOfEachLie() {
    refuses("record count", b -> b.putInt(BatchHeader.RECORD_COUNT, Integer.MAX_VALUE));
    refuses("record count", b -> b.putInt(BatchHeader.RECORD_COUNT, -5));
    refuses("magic", b -> b.put(BatchHeader.MAGIC, (byte) 1));
    refuses("compression", b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 5));
    refuses("batch size", b -> b.putInt(BatchHeader.LENGTH, -1));
    refuses("batch size", b -> b.putInt(BatchHeader.LENGTH, Integer.MAX_VALUE));
    int records = BatchHeader.SIZE_BYTES;
    refuses("record length", b -> b.put(records, (byte) 1));
    refuses("record length", b -> varint(b, records, Integer.MAX_VALUE));
    // The length takes two bytes, then one each: attributes, timestamp delta, offset delta, key
    // length.
    refuses("offset delta", b -> b.put(records + 4, (byte) 2));
    refuses("offset delta", b -> b.put(records + 4, (byte) 1));
    refuses("key length", b -> b.put(records + 5, (byte) 3));
    refuses("key length", b -> b.put(records + 5, (byte) 126));
    refuses("key length", b -> varint(b, records + 5, Integer.MIN_VALUE));
    refuses(
        "timestamp delta",
        b -> {
          for (int i = 0; i < 12; i++) {
            b.put(records + 3 + i, (byte) 0xFF);
          }
        });
  }

  @Test
  void refusesRecordsBeyondTheCount() {
    refuses("records", b -> b.putInt(BatchHeader.RECORD_COUNT, 4));
    refuses("records", b -> b.putInt(BatchHeader.RECORD_COUNT, 0));
  }

  @Test
  void refusesARecordLongerThanItsFields() {
    ByteBuffer batch = copy(new BatchBuilder(Compression.NONE, 1).append(0, null, null).build());
    ByteBuffer longer = ByteBuffer.allocate(batch.limit() + 1).put(0, batch, 0, batch.limit());
    longer.putInt(BatchHeader.LENGTH, longer.limit() - BatchHeader.LENGTH_PREFIX_BYTES);
    longer.put(BatchHeader.SIZE_BYTES, (byte) (longer.get(BatchHeader.SIZE_BYTES) + 2));
    assertThatThrownBy(() -> drain(longer))
        .hasMessageContaining("record length")
        .hasMessageContaining("more than its fields need");
  }

  @Test
  void refusesAnLz4HeaderWithAWrongChecksum() {
    ByteBuffer batch = sample(Compression.LZ4);
    int checksum = BatchHeader.SIZE_BYTES + 6;
    batch.put(checksum, (byte) (batch.get(checksum) ^ 1));
    assertThatThrownBy(() -> drain(batch)).hasMessageContaining("lz4 header checksum");
  }

  @Test
  void refusesWhatAnEdgeMustNotTake() {
    rejects(Reason.TOO_LARGE, 100, b -> {});
    rejects(Reason.UNSUPPORTED_MAGIC, BATCH_MAX, b -> b.put(BatchHeader.MAGIC, (byte) 0));
    rejects(
        Reason.UNSUPPORTED_COMPRESSION,
        BATCH_MAX,
        b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 7));
    rejects(
        Reason.INVALID_RECORD, BATCH_MAX, b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 0x40));
    rejects(
        Reason.INVALID_RECORD, BATCH_MAX, b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 0x20));
    rejects(
        Reason.INVALID_RECORD, BATCH_MAX, b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 0x10));
    rejects(
        Reason.INVALID_TIMESTAMP, BATCH_MAX, b -> b.putShort(BatchHeader.ATTRIBUTES, (short) 0x08));
    rejects(Reason.INVALID_RECORD, BATCH_MAX, b -> b.putInt(BatchHeader.LAST_OFFSET_DELTA, 9));
    rejects(Reason.INVALID_RECORD, BATCH_MAX, b -> b.putInt(BatchHeader.RECORD_COUNT, 0));
    rejects(Reason.INVALID_RECORD, BATCH_MAX, b -> b.putLong(BatchHeader.PRODUCER_ID, -2));
    rejects(
        Reason.INVALID_RECORD,
        BATCH_MAX,
        b -> b.putLong(BatchHeader.PRODUCER_ID, 5).putShort(BatchHeader.PRODUCER_EPOCH, (short) 0));
    ByteBuffer corrupt = sample(Compression.NONE);
    corrupt.put(corrupt.limit() - 1, (byte) 77);
    assertThat(BatchValidation.check(corrupt, 0, BATCH_MAX, Origin.CLIENT))
        .isInstanceOfSatisfying(
            Refused.class, it -> assertThat(it.reason()).isEqualTo(Reason.CORRUPT));
  }

  @Test
  void refusesOffsetGapsFromClientsButReadsThem() {
    ByteBuffer batch =
        new BatchBuilder(Compression.NONE, 1)
            .append(0, null, null)
            .append(0, null, null)
            .append(0, null, null)
            .build();
    // As compaction leaves it: the second of three records is gone.
    int recordBytes = BatchReader.RECORD_BYTES_MIN;
    ByteBuffer gap = ByteBuffer.allocate(batch.limit() - recordBytes);
    int second = BatchHeader.SIZE_BYTES + recordBytes;
    gap.put(0, batch, 0, second);
    gap.put(second, batch, second + recordBytes, recordBytes);
    gap.putInt(BatchHeader.LENGTH, gap.limit() - BatchHeader.LENGTH_PREFIX_BYTES);
    gap.putInt(BatchHeader.RECORD_COUNT, 2);
    RecordCursor cursor = reader.open(gap, 0);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(2);
    assertThat(cursor.next()).isFalse();
    gap.putInt(BatchHeader.LAST_OFFSET_DELTA, 1);
    assertThatThrownBy(() -> drain(gap)).hasMessageContaining("offset delta");
  }

  private void refuses(String field, Consumer<ByteBuffer> lie) {
    ByteBuffer batch = sample(Compression.NONE);
    lie.accept(batch);
    assertThatThrownBy(() -> drain(batch))
        .isInstanceOfSatisfying(
            InvalidBatchException.class, e -> assertThat(e.field()).isEqualTo(field));
  }

  private static void rejects(Reason reason, int batchBytesMax, Consumer<ByteBuffer> change) {
    ByteBuffer batch = sample(Compression.NONE);
    change.accept(batch);
    batch.putInt(BatchHeader.CRC, BatchHeader.computeCrc(batch, 0, batch.limit()));
    assertThat(BatchValidation.check(batch, 0, batchBytesMax, Origin.CLIENT))
        .isInstanceOfSatisfying(
            Refused.class, it -> assertThat(it.reason()).as(it.message()).isEqualTo(reason));
  }

  private void drain(ByteBuffer batch) {
    RecordCursor cursor = reader.open(batch, 0);
    while (cursor.next()) {
      cursor.headers();
    }
  }

  private static void varint(ByteBuffer buffer, int at, int value) {
    int rest = (value << 1) ^ (value >> 31);
    int index = at;
    while ((rest & ~0x7F) != 0) {
      buffer.put(index++, (byte) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    buffer.put(index, (byte) rest);
  }

  private static ByteBuffer sample(Compression compression) {
    BatchBuilder builder = new BatchBuilder(compression, BATCH_MAX).begin(0);
    for (int i = 0; i < 5; i++) {
      builder.append(
          1_000 + i,
          i == 0 ? ByteBuffer.allocate(0) : text("key" + i),
          text("a value that repeats, a value that repeats " + i),
          List.of(new RecordHeader("trace", text("id" + i)), new RecordHeader("none", null)));
    }
    return copy(builder.build());
  }

  private static ByteBuffer copy(ByteBuffer source) {
    return ByteBuffer.allocate(source.limit()).put(0, source, 0, source.limit());
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}

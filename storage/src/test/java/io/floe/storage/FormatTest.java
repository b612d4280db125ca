package io.floe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.StoreIncarnation;
import io.floe.model.TopicId;
import io.floe.storage.io.StorageFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/// The bytes of every file of a store, as version 1 wrote them for ever.
class FormatTest {
  private static final String SPEC =
      "0000000000000102" // id
          + "1111111111111111" // topic
          + "2222222222222222"
          + "00000003" // partition
          + "0000000000000064" // base offset
          + "00000007" // epoch
          + "01"; // hot

  private static SegmentSpec spec() {
    PartitionId partition =
        new PartitionId(new TopicId(new UUID(0x1111111111111111L, 0x2222222222222222L)), 3);
    return new SegmentSpec(new SegmentId(0x102), partition, 100, 7, true);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  /// The envelope by its description, with the checksum computed here.
  private static byte[] envelope(int version, int kind, String payload) {
    byte[] body = hex(payload);
    ByteBuffer file = ByteBuffer.allocate(16 + body.length);
    file.put(hex("464c4f45")).putShort((short) version).putShort((short) kind).putInt(0);
    file.putInt(body.length).put(body);
    CRC32C crc = new CRC32C();
    crc.update(file.array(), 0, 8);
    crc.update(file.array(), 12, file.capacity() - 12);
    return file.putInt(8, (int) crc.getValue()).array();
  }

  private static SparseIndex index() {
    SparseIndex index = new SparseIndex();
    index.add(100, 0, 0x0A, -1);
    index.add(150, 0x2000, 0x0B, 1_000);
    return index;
  }

  @Test
  void writesAStoresIdentityAsEver() throws Exception {
    byte[] bytes = new StoreMeta(new StoreIncarnation(0x0102030405060708L)).encode();
    assertThat(bytes).isEqualTo(envelope(1, 1, "0102030405060708"));
    // One whole file literally, so that the checksum's definition is nailed down, too.
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo("464c4f45000100012b289707000000080102030405060708");
    assertThat(StoreMeta.decode(bytes, "x").incarnation().value()).isEqualTo(0x0102030405060708L);
  }

  @Test
  void writesADescriptorAsEver() throws Exception {
    byte[] bytes = new SegmentDescriptor(spec(), new byte[] {9, 8}).encode();
    assertThat(bytes).isEqualTo(envelope(1, 2, SPEC + "0908"));
    SegmentDescriptor decoded = SegmentDescriptor.decode(bytes, "x");
    assertThat(decoded.spec()).isEqualTo(spec());
    assertThat(decoded.producerTable()).containsExactly(9, 8);
  }

  @Test
  void writesAFooterAsEver() throws Exception {
    byte[] bytes =
        new SegmentFooter(spec(), 200, 0x3000, 0x0C, 2_000, index(), new byte[] {5}).encode();
    String expected =
        SPEC
            + "00000000000000c8" // end offset
            + "0000000000003000" // size
            + "000000000000000c" // digest
            + "00000000000007d0" // largest timestamp
            + "00000002" // index entries: offset, position, digest, largest timestamp before
            + "0000000000000064"
            + "0000000000000000"
            + "000000000000000a"
            + "ffffffffffffffff"
            + "0000000000000096"
            + "0000000000002000"
            + "000000000000000b"
            + "00000000000003e8"
            + "05"; // producer table
    assertThat(bytes).isEqualTo(envelope(1, 3, expected));
    SegmentFooter decoded = SegmentFooter.decode(bytes, "x");
    assertThat(decoded.encode()).isEqualTo(bytes);
  }

  @Test
  void writesMarksAsEver() throws Exception {
    TreeMap<SegmentId, StoreMarks.Marks> marks = new TreeMap<>();
    marks.put(
        new SegmentId(5),
        new StoreMarks.Marks(new OffsetRange(7, 9), List.of(new OffsetRange(1, 2))));
    byte[] bytes = new StoreMarks(marks).encode();
    String expected =
        "00000001"
            + "0000000000000005"
            + "0000000000000007"
            + "0000000000000009"
            + "00000001"
            + "0000000000000001"
            + "0000000000000002";
    assertThat(bytes).isEqualTo(envelope(1, 4, expected));
    assertThat(StoreMarks.decode(bytes, "x").bySegment()).isEqualTo(marks);
  }

  @Test
  void writesAFrameOfTheTailJournalAsEver() {
    TailJournal journal = new TailJournal(0x77, new StorageFile[0], 0, 3, 41, 1 << 20);
    ByteBuffer payload = journal.begin(1_000);
    MemorySegment image = Arena.ofAuto().allocate(3);
    image.asByteBuffer().put(new byte[] {0x21, 0x22, 0x23});
    TailRecord.put(payload, spec(), true, 100, 0, 0x0A, 110, 0x1003, 0x0B, image);
    TailRecord.putReleased(payload, 6);
    ByteBuffer frame = journal.seal().asByteBuffer();
    String records =
        "01010003" // kind, carried, bytes of the image
            + "00000000"
            + SPEC
            + "0000000000000064"
            + "0000000000000000"
            + "000000000000000a"
            + "000000000000006e"
            + "0000000000001003"
            + "000000000000000b"
            + "212223"
            + "0200000000000000" // released
            + "0000000000000006";
    String header =
        "0000000000000077" // incarnation
            + "0000000000000003" // generation
            + "000000000000002a" // group
            + "00000000" // block of the frame
            + "00000001" // blocks
            + "00000074" // bytes of payload
            + "00000001"; // first of its generation
    byte[] body = new byte[4096 - 8];
    byte[] head = hex(header + records);
    System.arraycopy(head, 0, body, 0, head.length);
    CRC32C crc = new CRC32C();
    crc.update(body);
    ByteBuffer expected = ByteBuffer.allocate(4096);
    expected.put(hex("46544a31")).putInt((int) crc.getValue()).put(body).flip();
    assertThat(frame).isEqualTo(expected);
  }

  @Test
  void refusesAnotherVersionAndAnotherKind() {
    assertThatThrownBy(() -> StoreMeta.decode(envelope(2, 1, "0102030405060708"), "store.meta"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("store.meta has format version 2")
        .extracting(e -> ((StoreException) e).category())
        .isEqualTo(StoreException.Category.WRONG_IDENTITY);
    assertThatThrownBy(() -> StoreMarks.decode(envelope(1, 1, "0102030405060708"), "marks"))
        .isInstanceOf(StoreException.class)
        .extracting(e -> ((StoreException) e).category())
        .isEqualTo(StoreException.Category.DAMAGED);
  }

  @Test
  void noticesEveryFlippedBitAndEveryTruncation() {
    byte[] bytes = new SegmentFooter(spec(), 200, 9, 1, 2, index(), new byte[] {5}).encode();
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] wrong = bytes.clone();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> SegmentFooter.decode(wrong, "x"))
          .as("bit " + bit)
          .isInstanceOf(StoreException.class);
    }
    for (int size = 0; size < bytes.length; size++) {
      byte[] wrong = java.util.Arrays.copyOf(bytes, size);
      assertThatThrownBy(() -> SegmentFooter.decode(wrong, "x"))
          .as("cut to " + size)
          .isInstanceOf(StoreException.class);
    }
  }
}

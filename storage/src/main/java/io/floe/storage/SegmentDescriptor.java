package io.floe.storage;

import io.floe.model.PartitionId;
import io.floe.model.SegmentId;
import io.floe.model.TopicId;
import java.nio.ByteBuffer;
import java.util.UUID;

/// What lies beside the data of a segment without a footer (`.open`): its spec and the producer
/// table at its base.
///
/// ```
///   0    8                24          28            36      40    41
///   +----+----------------+-----------+-------------+-------+-----+----------------
///   | id | topic (2 longs)| partition | base offset | epoch | hot | producer table…
///   +----+----------------+-----------+-------------+-------+-----+----------------
/// ```
record SegmentDescriptor(
    SegmentSpec spec, @SuppressWarnings("ArrayRecordComponent") byte[] producerTable) {
  static final int SPEC_BYTES = 41;

  byte[] encode() {
    ByteBuffer payload = ByteBuffer.allocate(SPEC_BYTES + producerTable.length);
    putSpec(payload, spec);
    payload.put(producerTable);
    return SealedFile.encode(SealedFile.Kind.DESCRIPTOR, payload.array());
  }

  static SegmentDescriptor decode(byte[] file, Object name) throws StoreException {
    ByteBuffer payload = SealedFile.decode(SealedFile.Kind.DESCRIPTOR, file, name);
    SegmentSpec spec = spec(payload);
    byte[] table = new byte[payload.remaining()];
    payload.get(table);
    return new SegmentDescriptor(spec, table);
  }

  static void putSpec(ByteBuffer target, SegmentSpec spec) {
    UUID topic = spec.partition().topic().value();
    target.putLong(spec.id().value());
    target.putLong(topic.getMostSignificantBits()).putLong(topic.getLeastSignificantBits());
    target.putInt(spec.partition().index()).putLong(spec.baseOffset()).putInt(spec.epoch());
    target.put((byte) (spec.isHot() ? 1 : 0));
  }

  static SegmentSpec spec(ByteBuffer source) {
    SegmentId id = new SegmentId(source.getLong());
    TopicId topic = new TopicId(new UUID(source.getLong(), source.getLong()));
    PartitionId partition = new PartitionId(topic, source.getInt());
    return new SegmentSpec(id, partition, source.getLong(), source.getInt(), source.get() != 0);
  }
}

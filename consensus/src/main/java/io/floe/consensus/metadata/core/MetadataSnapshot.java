package io.floe.consensus.metadata.core;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.metadata.core.MetadataState.Draft;
import io.floe.model.TopicId;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.pcollections.PSortedMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/// The stored form of a whole state: a sequence of chunks, so that neither side ever holds it in
/// one array. Written by [#write], read by an [Assembler].
///
/// ```
///   0         1
///   +---------+-----------------------------------------------------
///   | version | pieces of this chunk …
///   |    1    |
///   +---------+-----------------------------------------------------
///
///   kind  piece       fields
///   1     head        u8 isFounded, text cluster id if so, i64 version, i64 next segment id,
///                     i32 next epoch, i64 next producer id
///   2     node        node
///   3     topic       uuid, text name, u16 replication factor, configs, i64 version
///   4     partition   i64 log start offset; the next index of the topic before it
///   5     segment     segment record; the next of the partition before it
///   6     end         i32 topics, i32 partitions, i32 segments
/// ```
///
/// Every piece begins with its kind (u8); the other forms are those of [MetadataCodec]. A chunk
/// holds whole pieces and is closed when it has 64 KiB; chunks come in order.
///
/// Thread-safety: [#write] may run on any thread, on any state, while newer ones are made.
public final class MetadataSnapshot {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int HEAD = 1;
  private static final int NODE = 2;
  private static final int TOPIC = 3;
  private static final int PARTITION = 4;
  private static final int SEGMENT = 5;
  private static final int END = 6;

  private final Consumer<byte[]> chunks;
  private ByteWriter out = newChunk();

  private MetadataSnapshot(Consumer<byte[]> chunks) {
    this.chunks = chunks;
  }

  /// Writes a state as chunks of little more than 64 KiB.
  public static void write(MetadataState state, Consumer<byte[]> chunks) {
    new MetadataSnapshot(chunks).write(state);
  }

  private void write(MetadataState state) {
    ByteWriter head = piece(HEAD).u8(state.isFounded() ? 1 : 0);
    if (state.isFounded()) {
      head.text(state.clusterId());
    }
    head.i64(state.version()).i64(state.nextSegmentId());
    head.i32(state.nextEpoch()).i64(state.nextProducerId());
    for (NodeRecord node : state.nodes()) {
      MetadataCodec.writeNode(piece(NODE), node);
    }
    for (TopicRecord topic : state.topics()) {
      write(topic);
    }
    piece(END).i32(state.topicCount()).i32(state.partitionCount()).i32(state.segmentCount());
    chunks.accept(out.toBytes());
  }

  private void write(TopicRecord topic) {
    MetadataCodec.writeTopicId(piece(TOPIC), topic.id());
    out.text(topic.name()).u16(topic.replicationFactor());
    MetadataCodec.writeConfigs(out, topic.configs());
    out.i64(topic.version());
    for (PartitionRecord partition : topic.partitions()) {
      piece(PARTITION).i64(partition.logStartOffset());
      for (SegmentRecord segment : partition.chain()) {
        MetadataCodec.writeSegment(piece(SEGMENT), segment);
      }
    }
  }

  private ByteWriter piece(int kind) {
    if (out.sizeBytes() >= CHUNK_BYTES) {
      chunks.accept(out.toBytes());
      out = newChunk();
    }
    return out.u8(kind);
  }

  private static ByteWriter newChunk() {
    return new ByteWriter().u8(MetadataCodec.VERSION);
  }

  /// Puts a state together from its chunks, in order.
  ///
  /// Thread-safety: none. Errors: [MalformedMetadata]; throw the assembler away then.
  public static final class Assembler {
    private final Draft draft = new Draft();
    private boolean hasHead;
    private boolean hasEnd;
    private @Nullable OpenTopic topic;

    public Assembler() {}

    /// Takes the next chunk.
    public void add(byte[] chunk) {
      ByteReader in = new ByteReader(chunk);
      MetadataCodec.checkVersion(in);
      try {
        while (in.hasMore()) {
          readPiece(in, in.u8());
        }
      } catch (IllegalArgumentException invalid) {
        throw new MalformedMetadata("metadata snapshot: " + invalid.getMessage(), invalid);
      }
    }

    /// The state; every chunk must have come.
    public MetadataState done() {
      if (!hasEnd) {
        throw new MalformedMetadata("metadata snapshot has no end: a chunk is missing");
      }
      MetadataState state = draft.done();
      try {
        MetadataInvariants.checkState(state);
      } catch (BrokenInvariant broken) {
        throw new MalformedMetadata("metadata snapshot: " + broken.getMessage(), broken);
      }
      return state;
    }

    private void readPiece(ByteReader in, int kind) {
      if (hasEnd || hasHead == (kind == HEAD)) {
        throw new MalformedMetadata("metadata snapshot: piece " + kind + " is out of place");
      }
      switch (kind) {
        case HEAD -> readHead(in);
        case NODE -> {
          NodeRecord node = MetadataCodec.readNode(in);
          draft.nodes = draft.nodes.plus(node.id(), node);
        }
        case TOPIC -> {
          finishTopic();
          topic =
              new OpenTopic(
                  MetadataCodec.readTopicId(in),
                  in.text(),
                  in.u16(),
                  MetadataCodec.readConfigs(in),
                  in.i64());
        }
        case PARTITION -> openTopic().beginPartition(in.i64());
        case SEGMENT -> openTopic().addSegment(MetadataCodec.readSegment(in));
        case END -> readEnd(in);
        default -> throw new MalformedMetadata("metadata snapshot: unknown piece " + kind);
      }
    }

    private void readHead(ByteReader in) {
      hasHead = true;
      draft.clusterId = in.u8() == 1 ? in.text() : null;
      draft.version = in.i64();
      draft.nextSegmentId = in.i64();
      draft.nextEpoch = in.i32();
      draft.nextProducerId = in.i64();
    }

    private void readEnd(ByteReader in) {
      finishTopic();
      hasEnd = true;
      MetadataState state = draft.done();
      if (in.i32() != state.topicCount()
          || in.i32() != state.partitionCount()
          || in.i32() != state.segmentCount()) {
        throw new MalformedMetadata("metadata snapshot: counts differ, a chunk is missing");
      }
      in.end();
    }

    private OpenTopic openTopic() {
      if (topic == null) {
        throw new MalformedMetadata("metadata snapshot: a partition without a topic");
      }
      return topic;
    }

    private void finishTopic() {
      if (topic != null) {
        TopicRecord record = topic.done();
        if (draft.topic(record.id()) != null) {
          throw new MalformedMetadata("metadata snapshot: topic " + record.id() + " comes twice");
        }
        draft.addTopic(record);
        topic = null;
      }
    }
  }

  /// A topic of which not all pieces came yet.
  private static final class OpenTopic {
    private final TopicId id;
    private final String name;
    private final int replicationFactor;
    private final PSortedMap<String, String> configs;
    private final long version;
    private PVector<PartitionRecord> partitions = TreePVector.empty();
    private boolean hasPartition;
    private long logStartOffset;
    private PVector<SegmentRecord> chain = TreePVector.empty();

    OpenTopic(
        TopicId id,
        String name,
        int replicationFactor,
        PSortedMap<String, String> configs,
        long version) {
      this.id = id;
      this.name = name;
      this.replicationFactor = replicationFactor;
      this.configs = configs;
      this.version = version;
    }

    void beginPartition(long logStart) {
      finishPartition();
      hasPartition = true;
      logStartOffset = logStart;
    }

    void addSegment(SegmentRecord segment) {
      if (!hasPartition) {
        throw new MalformedMetadata("metadata snapshot: a segment without a partition");
      }
      chain = chain.plus(segment);
    }

    private void finishPartition() {
      if (hasPartition) {
        partitions = partitions.plus(new PartitionRecord(partitions.size(), logStartOffset, chain));
        chain = TreePVector.empty();
      }
    }

    TopicRecord done() {
      finishPartition();
      return new TopicRecord(id, name, replicationFactor, configs, partitions, version);
    }
  }
}

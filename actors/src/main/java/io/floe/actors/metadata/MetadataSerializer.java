package io.floe.actors.metadata;

import io.floe.consensus.metadata.core.MalformedMetadata;
import io.floe.consensus.metadata.core.MetadataCodec;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataSnapshot;
import io.floe.consensus.metadata.core.MetadataState;
import java.io.ByteArrayOutputStream;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/// Stores metadata events and snapshots in their own versioned form; the manifest says only which
/// of the two it is.
///
/// ```
///   event     the bytes of MetadataCodec
///   snapshot  {length of a chunk (4 bytes, big-endian), chunk of MetadataSnapshot}…
/// ```
public final class MetadataSerializer extends SerializerWithStringManifest {
  private static final int IDENTIFIER = 1_717_001;
  private static final String EVENT = "e";
  private static final String SNAPSHOT = "s";

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object stored) {
    return stored instanceof MetadataState ? SNAPSHOT : EVENT;
  }

  @Override
  public byte[] toBinary(Object stored) {
    return switch (stored) {
      case MetadataEvent event -> MetadataCodec.encode(event);
      case MetadataState state -> snapshot(state);
      default ->
          throw new IllegalArgumentException(stored.getClass() + " is not part of the metadata");
    };
  }

  private static byte[] snapshot(MetadataState state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    MetadataSnapshot.write(
        state,
        chunk -> {
          bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(chunk.length).array());
          bytes.writeBytes(chunk);
        });
    return bytes.toByteArray();
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    try {
      return switch (manifest) {
        case EVENT -> MetadataCodec.decode(bytes);
        case SNAPSHOT -> state(ByteBuffer.wrap(bytes));
        default -> throw new NotSerializableException("unknown metadata manifest " + manifest);
      };
    } catch (MalformedMetadata e) {
      // Stored metadata that cannot be read must stop the recovery, not be skipped.
      throw new IllegalStateException("stored metadata cannot be read: " + e.getMessage(), e);
    }
  }

  private static MetadataState state(ByteBuffer bytes) {
    MetadataSnapshot.Assembler assembler = new MetadataSnapshot.Assembler();
    while (bytes.hasRemaining()) {
      int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
      if (length < 0 || length > bytes.remaining()) {
        throw new IllegalStateException("a stored metadata snapshot is cut short");
      }
      byte[] chunk = new byte[length];
      bytes.get(chunk);
      assembler.add(chunk);
    }
    return assembler.done();
  }
}

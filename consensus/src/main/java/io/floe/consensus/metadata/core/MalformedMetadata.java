package io.floe.consensus.metadata.core;

/// Bytes that are not what a [MetadataCodec] wrote, or that a newer version wrote.
///
/// Errors: nothing was decoded. Stored metadata that cannot be read must stop the node.
public final class MalformedMetadata extends RuntimeException {
  private static final long serialVersionUID = 1;

  MalformedMetadata(String message) {
    super(message);
  }

  MalformedMetadata(String message, Throwable cause) {
    super(message, cause);
  }
}

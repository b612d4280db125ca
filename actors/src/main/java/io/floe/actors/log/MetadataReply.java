package io.floe.actors.log;

import io.floe.consensus.metadata.core.Refusal;

/// How a metadata command ended.
public sealed interface MetadataReply {

  /// Applied.
  ///
  /// @param version number of the metadata entry
  record Applied(long version) implements MetadataReply {}

  /// Not applied; nothing changed.
  record Refused(Refusal refusal) implements MetadataReply {}
}

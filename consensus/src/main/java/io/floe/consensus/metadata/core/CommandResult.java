package io.floe.consensus.metadata.core;

/// What a command of the replicated log came to, the same on every node.
public sealed interface CommandResult {

  /// It changed the metadata, or found everything as it wants it.
  ///
  /// @param version of the metadata after it
  record Applied(long version) implements CommandResult {}

  /// Nothing changed.
  record Refused(Refusal refusal) implements CommandResult {}
}

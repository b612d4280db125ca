package io.floe.consensus.raft.core;

import java.util.UUID;

/// The name of a Raft group, which is the name of its cluster: messages of another one are ignored.
public record GroupId(UUID value) {
  @Override
  public String toString() {
    return value.toString();
  }
}

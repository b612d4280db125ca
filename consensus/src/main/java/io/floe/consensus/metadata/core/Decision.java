package io.floe.consensus.metadata.core;

import java.util.List;

/// What the state machine makes of a command.
public sealed interface Decision {

  /// The events to store and then to apply, all or none.
  ///
  /// @param events empty when everything already is as the command wants it
  record Accepted(List<MetadataEvent> events) implements Decision {
    public Accepted {
      events = List.copyOf(events);
    }
  }

  /// Nothing changes.
  record Refused(Refusal refusal) implements Decision {}
}

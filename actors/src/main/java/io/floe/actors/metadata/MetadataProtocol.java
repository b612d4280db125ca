package io.floe.actors.metadata;

import io.floe.actors.log.MetadataReply;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.Refusal;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/// The messages of the metadata log.
public sealed interface MetadataProtocol {

  /// Decide a command and, unless it is refused, make it durable and apply it.
  record Submit(MetadataCommand command, ActorRef<Outcome> replyTo) implements MetadataProtocol {}

  /// The log's own word to itself that it cannot go on.
  record Broken(Throwable cause) implements MetadataProtocol {}

  /// How a command ended, with what it changed.
  ///
  /// @param events what was applied, empty when refused
  record Outcome(MetadataReply reply, List<MetadataEvent> events) {
    public Outcome {
      events = List.copyOf(events);
    }

    /// Whether the log had no room for the entry: nothing was decided, the same command may succeed
    /// later.
    public boolean isNotStored() {
      return reply instanceof MetadataReply.Refused refused
          && refused.refusal().reason() == Refusal.Reason.NOT_STORED;
    }
  }

  /// What the metadata log tells the node.
  sealed interface Notice {

    /// The log was read back; this is where it stands.
    record Recovered(MetadataState state) implements Notice {}

    /// Entries were made durable and applied. Whoever acts on them does so first and then passes
    /// `outcome` to `replyTo`, so that a proposer who hears "applied" finds the node changed.
    record Applied(MetadataState state, Outcome outcome, ActorRef<Outcome> replyTo)
        implements Notice {}
  }
}

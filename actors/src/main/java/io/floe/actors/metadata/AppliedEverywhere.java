package io.floe.actors.metadata;

import io.floe.actors.metadata.MetadataProtocol.AppliedReached;
import io.floe.actors.metadata.MetadataProtocol.AskApplied;
import io.floe.actors.metadata.MetadataProtocol.AwaitEverywhere;
import io.floe.actors.node.HostPort;
import io.floe.model.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/// Lets a proposer wait until other nodes show its change, too, so that a client that creates a
/// topic here and asks for it there finds it. A convenience: a node that is silent is waited for
/// two seconds and no longer.
///
/// Thread-safety: none.
final class AppliedEverywhere {
  private static final long PATIENCE_NANOS = 2_000_000_000L;
  private static final long REPEAT_NANOS = 400_000_000L;

  private final Peers peers;
  private final NodeId self;
  private final HostPort address;
  private final Map<Long, Wait> waits = new HashMap<>();

  /// Questions of others that cannot be answered yet.
  private final List<AskApplied> asked = new ArrayList<>();

  private long nextNonce;

  private static final class Wait {
    final long version;
    final Set<NodeId> left;
    final ActorRef<Boolean> replyTo;
    final long sinceNanos;
    long askedNanos;

    Wait(long version, Set<NodeId> left, ActorRef<Boolean> replyTo, long sinceNanos) {
      this.version = version;
      this.left = left;
      this.replyTo = replyTo;
      this.sinceNanos = sinceNanos;
      this.askedNanos = sinceNanos;
    }
  }

  AppliedEverywhere(Peers peers, NodeId self, HostPort address) {
    this.peers = peers;
    this.self = self;
    this.address = address;
  }

  void await(AwaitEverywhere await, long nowNanos) {
    Set<NodeId> others = new HashSet<>(await.nodes());
    others.remove(self);
    if (others.isEmpty()) {
      await.replyTo().tell(true);
      return;
    }
    long nonce = nextNonce++;
    Wait wait = new Wait(await.version(), others, await.replyTo(), nowNanos);
    waits.put(nonce, wait);
    ask(nonce, wait);
  }

  private void ask(long nonce, Wait wait) {
    wait.left.forEach(node -> peers.send(node, new AskApplied(address, nonce, wait.version)));
  }

  void asked(AskApplied ask, long version) {
    if (version >= ask.version()) {
      answer(ask);
    } else if (!asked.contains(ask)) {
      asked.add(ask);
    }
  }

  private void answer(AskApplied ask) {
    peers.send(ask.from(), new AppliedReached(ask.nonce(), self));
  }

  void applied(long version) {
    if (!asked.isEmpty()) {
      asked.removeIf(
          ask -> {
            boolean isReached = version >= ask.version();
            if (isReached) {
              answer(ask);
            }
            return isReached;
          });
    }
  }

  void reached(AppliedReached reached) {
    Wait wait = waits.get(reached.nonce());
    if (wait != null && wait.left.remove(reached.node()) && wait.left.isEmpty()) {
      waits.remove(reached.nonce());
      wait.replyTo.tell(true);
    }
  }

  void tick(long nowNanos) {
    Iterator<Map.Entry<Long, Wait>> all = waits.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Long, Wait> entry = all.next();
      Wait wait = entry.getValue();
      if (nowNanos - wait.sinceNanos > PATIENCE_NANOS) {
        all.remove();
        wait.replyTo.tell(false);
      } else if (nowNanos - wait.askedNanos > REPEAT_NANOS) {
        wait.askedNanos = nowNanos;
        ask(entry.getKey(), wait);
      }
    }
    // Whoever asked has given up.
    if (asked.size() > 10_000) {
      asked.clear();
    }
  }
}

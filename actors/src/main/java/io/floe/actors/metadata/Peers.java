package io.floe.actors.metadata;

import io.floe.actors.node.HostPort;
import io.floe.model.NodeId;
import java.util.HashMap;
import java.util.Map;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/// Where the metadata nodes of other nodes are reached: by node id, since an actor reference ends
/// with its actor's life. Nothing here is lost when Pekko's cluster thinks that a node is gone.
///
/// Thread-safety: none.
final class Peers {
  /// Name of the actor on every node.
  static final String ACTOR = "metadata";

  private final ActorSystem system;
  private final Map<NodeId, HostPort> addresses = new HashMap<>();
  private final Map<HostPort, ActorSelection> selections = new HashMap<>();
  private final Map<NodeId, Long> heardNanos = new HashMap<>();

  Peers(ActorSystem system) {
    this.system = system;
  }

  void learn(NodeId node, HostPort address) {
    addresses.put(node, address);
  }

  void heard(NodeId node, HostPort address, long nowNanos) {
    addresses.put(node, address);
    heardNanos.put(node, nowNanos);
  }

  boolean wasHeardWithin(NodeId node, long nanos, long nowNanos) {
    Long last = heardNanos.get(node);
    return last != null && nowNanos - last < nanos;
  }

  @Nullable HostPort address(NodeId node) {
    return addresses.get(node);
  }

  Map<NodeId, HostPort> addresses() {
    return addresses;
  }

  /// Sends; not at all while the address is not known. May be lost.
  boolean send(NodeId node, MetadataProtocol message) {
    HostPort address = addresses.get(node);
    if (address == null) {
      return false;
    }
    send(address, message);
    return true;
  }

  void send(HostPort address, MetadataProtocol message) {
    selections
        .computeIfAbsent(address, this::select)
        .tell(message, org.apache.pekko.actor.ActorRef.noSender());
  }

  private ActorSelection select(HostPort address) {
    return system.actorSelection("pekko://" + system.name() + "@" + address + "/user/" + ACTOR);
  }
}

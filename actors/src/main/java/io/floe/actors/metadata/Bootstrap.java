package io.floe.actors.metadata;

import io.floe.actors.metadata.MetadataProtocol.ProbeReply;
import io.floe.actors.node.HostPort;
import io.floe.consensus.raft.core.DurableEvent;
import io.floe.consensus.raft.core.DurableState;
import io.floe.consensus.raft.core.MemberId;
import io.floe.consensus.raft.core.Membership;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// How a node with an empty log comes to its cluster. Pure.
///
/// - Somebody among the seeds has a cluster: join it, with an empty log. Whoever is named in that
///   cluster's founding membership may vote at once, since it never voted before; anybody else is
///   admitted by the leader.
/// - Nobody has one, and this is the first seed: found it, when **every** seed has said that it has
///   none. A seed that cannot be reached may be one of a cluster's, which this one then would be a
///   second of; only an operator can know better (`mayFoundAlone`).
/// - Otherwise: wait.
///
/// The founding is the same bytes for all founders because one node alone writes it; the others get
/// it by replication.
final class Bootstrap {
  private final MetadataSettings settings;
  private final @Nullable String ownClusterId;
  private final Map<HostPort, ProbeReply> replies = new HashMap<>();

  Bootstrap(MetadataSettings settings, @Nullable String ownClusterId) {
    this.settings = settings;
    this.ownClusterId = ownClusterId;
  }

  /// What is to be done.
  sealed interface Decision {
    /// Ask the seeds, and come back.
    ///
    /// @param reason for people
    record Wait(String reason) implements Decision {}

    /// Begin the log with these.
    record Begin(String clusterId, List<DurableEvent> events) implements Decision {}

    record Refuse(String reason) implements Decision {}
  }

  void replied(ProbeReply reply) {
    replies.put(reply.from(), reply);
  }

  Decision decide() {
    for (ProbeReply reply : replies.values()) {
      if (reply.isFatal()) {
        return new Decision.Refuse(reply.problem());
      }
      String found = reply.clusterId();
      if (found != null) {
        return ownClusterId == null || ownClusterId.equals(found)
            ? new Decision.Begin(found, List.of(new DurableEvent.HardState(1, null)))
            : new Decision.Refuse(
                "node at "
                    + reply.from()
                    + " belongs to cluster "
                    + found
                    + ", this data directory to cluster "
                    + ownClusterId);
      }
      if (reply.self().node().equals(settings.self().node())) {
        return new Decision.Refuse(
            "node at " + reply.from() + " has node id " + reply.self().node() + ", too");
      }
    }
    if (!settings.isFirstSeed() && !settings.mayFoundAlone()) {
      return new Decision.Wait(
          "waiting for a cluster: the first seed " + settings.seeds().getFirst() + " founds it");
    }
    List<HostPort> silent =
        settings.seeds().stream()
            .filter(seed -> !seed.equals(settings.address()) && !replies.containsKey(seed))
            .toList();
    if (!silent.isEmpty() && !settings.mayFoundAlone()) {
      return new Decision.Wait(
          "waiting for seeds "
              + silent
              + " before a new cluster is founded: one that cannot be reached may have a cluster"
              + " already (start them, or use --found-cluster if they hold none)");
    }
    return new Decision.Begin(
        ownClusterId == null ? newClusterId() : ownClusterId, DurableState.founding(founders()));
  }

  private Membership founders() {
    List<MemberId> founders = new ArrayList<>();
    founders.add(settings.self());
    for (HostPort seed : settings.seeds()) {
      ProbeReply reply = replies.get(seed);
      if (reply != null && founders.size() < settings.votersMax()) {
        founders.add(reply.self());
      }
    }
    return Membership.ofVoters(founders);
  }

  /// 22 characters of base64, as Kafka clients expect.
  private static String newClusterId() {
    UUID random = UUID.randomUUID();
    ByteBuffer bytes =
        ByteBuffer.allocate(16)
            .putLong(random.getMostSignificantBits())
            .putLong(random.getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /// The group of a cluster.
  static UUID groupOf(String clusterId) {
    byte[] bytes = Base64.getUrlDecoder().decode(clusterId);
    if (bytes.length != 16) {
      throw new IllegalArgumentException("cluster id " + clusterId + " is not one of Floe's");
    }
    ByteBuffer numbers = ByteBuffer.wrap(bytes);
    return new UUID(numbers.getLong(), numbers.getLong());
  }
}

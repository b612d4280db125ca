package io.floe.simulation.raft;

import io.floe.consensus.raft.core.RaftCodec;
import io.floe.consensus.raft.core.RaftMessage;
import io.floe.simulation.World;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The links between the sites. Each message goes as bytes, and may be lost, late, doubled,
/// overtaken or cut off.
final class SimulatedNetwork {
  private static final long DELAY_NANOS_MAX = 4 * World.MILLISECOND;
  private static final long LATE_NANOS_MAX = 150 * World.MILLISECOND;

  private final World<RaftFault> world;
  private final List<SimulatedMember> sites = new ArrayList<>();
  private final boolean[][] isCut;

  /// The latest arrival that was drawn, by link.
  private final Map<Integer, Long> latest = new HashMap<>();

  /// How harsh the network of this run is.
  private final int dropOneIn;

  SimulatedNetwork(World<RaftFault> world, int siteCount) {
    this.world = world;
    isCut = new boolean[siteCount][siteCount];
    dropOneIn = new int[] {8, 20, 60, 400}[world.below(4)];
  }

  void connect(SimulatedMember site) {
    sites.add(site);
  }

  void send(int from, RaftMessage message) {
    int to = message.header().to().node().value() - 1;
    byte[] bytes = RaftCodec.encodeMessage(message);
    if (world.strikes(dropOneIn)) {
      world.count(RaftFault.MESSAGE_DROPPED);
      return;
    }
    transmit(from, to, bytes);
    if (world.strikes(2 * dropOneIn)) {
      world.count(RaftFault.MESSAGE_DUPLICATED);
      transmit(from, to, bytes);
    }
  }

  private void transmit(int from, int to, byte[] bytes) {
    long delayMax = DELAY_NANOS_MAX;
    if (world.strikes(2 * dropOneIn)) {
      world.count(RaftFault.MESSAGE_LATE);
      delayMax = LATE_NANOS_MAX;
    }
    long delay = 1 + (long) (world.below(1_000) / 1_000.0 * delayMax);
    long arrival = world.nowNanos() + delay;
    int link = from * isCut.length + to;
    if (latest.getOrDefault(link, 0L) > arrival) {
      world.count(RaftFault.MESSAGE_OVERTAKEN);
    } else {
      latest.put(link, arrival);
    }
    world.after(
        delay,
        () -> {
          if (isCut[from][to]) {
            world.count(RaftFault.MESSAGE_CUT_OFF);
          } else {
            sites.get(to).receive(RaftCodec.decodeMessage(bytes));
          }
        });
  }

  /// Cuts links for a while.
  void cut() {
    int kind = world.below(3);
    switch (kind) {
      case 0 -> {
        world.count(RaftFault.ONE_WAY_PARTITION);
        int site = world.below(isCut.length);
        boolean isOutbound = world.below(2) == 0;
        world.tell(() -> "network: cuts off what site " + (site + 1) + (isOutbound ? " sends" : " hears"));
        for (int other = 0; other < isCut.length; other++) {
          if (isOutbound) {
            isCut[site][other] = true;
          } else {
            isCut[other][site] = true;
          }
        }
      }
      case 1 -> {
        world.count(RaftFault.ONE_WAY_PARTITION);
        int from = world.below(isCut.length);
        int to = world.below(isCut.length);
        world.tell(() -> "network: cuts " + (from + 1) + " to " + (to + 1));
        isCut[from][to] = true;
      }
      default -> {
        world.count(RaftFault.GROUP_PARTITION);
        int group = 1 + world.below((1 << isCut.length) - 2);
        world.tell(() -> "network: parts sites " + Integer.toBinaryString(group));
        for (int from = 0; from < isCut.length; from++) {
          for (int to = 0; to < isCut.length; to++) {
            isCut[from][to] |= (group >> from & 1) != (group >> to & 1);
          }
        }
      }
    }
    world.soon(900 * World.MILLISECOND, this::heal);
  }

  void heal() {
    for (boolean[] links : isCut) {
      java.util.Arrays.fill(links, false);
    }
  }
}

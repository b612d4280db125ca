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
  ///
  /// @param site whom it hits, as far as it is about one
  void cut(int site) {
    switch (world.below(4)) {
      case 0 -> cutOneWay(site, world.below(2) == 0);
      case 1 -> {
        world.count(RaftFault.ONE_WAY_PARTITION);
        int to = world.below(isCut.length);
        world.tell(() -> "network: cuts " + (site + 1) + " to " + (to + 1));
        isCut[site][to] = true;
      }
      case 2 -> part(1 << site); // Alone.
      default -> part(1 + world.below((1 << isCut.length) - 2));
    }
    world.soon(500 * World.MILLISECOND, this::heal);
  }

  private void cutOneWay(int site, boolean isOutbound) {
    world.count(RaftFault.ONE_WAY_PARTITION);
    world.tell(
        () -> "network: cuts off what site " + (site + 1) + (isOutbound ? " sends" : " hears"));
    for (int other = 0; other < isCut.length; other++) {
      if (isOutbound) {
        isCut[site][other] = true;
      } else {
        isCut[other][site] = true;
      }
    }
  }

  /// @param group the sites on one side, as bits
  private void part(int group) {
    world.count(RaftFault.GROUP_PARTITION);
    world.tell(() -> "network: parts sites " + Integer.toBinaryString(group));
    for (int from = 0; from < isCut.length; from++) {
      for (int to = 0; to < isCut.length; to++) {
        isCut[from][to] |= (group >> from & 1) != (group >> to & 1);
      }
    }
  }

  void heal() {
    for (boolean[] links : isCut) {
      java.util.Arrays.fill(links, false);
    }
  }
}

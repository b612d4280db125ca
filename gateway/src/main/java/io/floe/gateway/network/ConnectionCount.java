package io.floe.gateway.network;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How many connections there are, in all and from each address.
///
/// Thread-safety: any thread.
final class ConnectionCount {
  private final int max;
  private final int perAddressMax;
  private final Map<InetAddress, Integer> byAddress = new HashMap<>();
  private int total;

  ConnectionCount(int max, int perAddressMax) {
    this.max = max;
    this.perAddressMax = perAddressMax;
  }

  /// Counts a connection, or says why it must be refused.
  synchronized @Nullable String add(InetAddress address) {
    if (total >= max) {
      return "there are " + max + " connections (floe.gateway.connections-max)";
    }
    int there = byAddress.getOrDefault(address, 0);
    if (there >= perAddressMax) {
      return "there are "
          + perAddressMax
          + " connections from this address (floe.gateway.connections-per-address-max)";
    }
    byAddress.put(address, there + 1);
    total++;
    return null;
  }

  synchronized void remove(InetAddress address) {
    byAddress.computeIfPresent(address, (a, there) -> there == 1 ? null : there - 1);
    total--;
  }

  synchronized int total() {
    return total;
  }
}

package io.floe.actors.partition;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls back into an edge. A mistake there must not end a segment writer, and the node with it: it
/// is logged, and only that caller is left without what it wanted.
final class EdgeCallback {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeCallback.class);

  private EdgeCallback() {}

  static void run(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("a callback of an edge failed");
    }
  }
}

package io.floe.consensus.replication.core;

import java.util.ArrayList;
import java.util.List;

/// Writes down what a writer wants, one line each.
final class RecordedEffects implements WriterEffects {
  private final List<String> lines = new ArrayList<>();

  /// What came since the last call.
  List<String> take() {
    List<String> taken = List.copyOf(lines);
    lines.clear();
    return taken;
  }

  @Override
  public void write(long token, long baseOffset, int epoch) {
    lines.add("write " + token + " at " + baseOffset + " epoch " + epoch);
  }

  @Override
  public void advanceHighWatermark(long highWatermark) {
    lines.add("hw " + highWatermark);
  }

  @Override
  public void acked(long token, long baseOffset, boolean isDuplicate) {
    lines.add("acked " + token + " at " + baseOffset + (isDuplicate ? " duplicate" : ""));
  }

  @Override
  public void refused(long token, AppendRefusal reason) {
    lines.add("refused " + token + " " + reason);
  }

  @Override
  public void unknown(long token) {
    lines.add("unknown " + token);
  }

  @Override
  public void proposeSealAndOpen(long endOffset) {
    lines.add("propose " + endOffset);
  }

  @Override
  public void readRollOutcome() {
    lines.add("read outcome");
  }

  @Override
  public void handOver(long token) {
    lines.add("hand over " + token);
  }

  @Override
  public void halt(HaltReason reason) {
    lines.add("halt " + reason);
  }
}

package io.floe.gateway.network;

import java.io.IOException;
import org.apache.kafka.common.network.Send;
import org.apache.kafka.common.network.TransferableChannel;

/// An answer that knows when its sending began.
final class TimedSend implements Send {
  private final Send answer;
  private final long sinceNanos;

  TimedSend(Send answer, long sinceNanos) {
    this.answer = answer;
    this.sinceNanos = sinceNanos;
  }

  long sinceNanos() {
    return sinceNanos;
  }

  @Override
  public boolean completed() {
    return answer.completed();
  }

  @Override
  public long writeTo(TransferableChannel channel) throws IOException {
    return answer.writeTo(channel);
  }

  @Override
  public long size() {
    return answer.size();
  }
}

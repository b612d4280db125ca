package io.floe.gateway.network;

import org.apache.kafka.common.network.Send;

/// What becomes of a request.
public sealed interface Answer {

  /// Bytes to the client.
  ///
  /// @param release lets go of what the bytes lie in; run once, when they were sent or dropped
  record Message(Send send, Runnable release) implements Answer {
    public Message(Send send) {
      this(send, () -> {});
    }
  }

  /// Nothing: the client waits for no answer.
  record Silence() implements Answer {}

  /// The connection is closed after the answers before this one were sent.
  ///
  /// @param reason for the log
  record Hangup(String reason) implements Answer {}
}

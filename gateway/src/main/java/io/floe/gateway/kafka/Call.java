package io.floe.gateway.kafka;

import io.floe.gateway.network.Answer;
import io.floe.gateway.network.Exchange;
import java.util.function.Supplier;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestContext;

/// One parsed request and the way to answer it.
///
/// Thread-safety: any thread.
///
/// @param exchange place of the answer on the connection, owner of the request's bytes
/// @param context version, client and correlation id
record Call<R extends AbstractRequest>(Exchange exchange, RequestContext context, R request) {

  short version() {
    return context.header.apiVersion();
  }

  void answer(AbstractResponse response) {
    answer(response, () -> {});
  }

  /// Answers with bytes that lie elsewhere.
  ///
  /// @param release run once when the response was sent or dropped
  void answer(AbstractResponse response, Runnable release) {
    exchange.answer(new Answer.Message(context.buildResponseSend(response), release));
  }

  /// Answers on the network thread when it is this request's turn: for responses that are made on
  /// threads of the log, which have better things to do than to serialize.
  void answerInTurn(Supplier<AbstractResponse> response) {
    exchange.whenFirst(() -> answer(response.get()));
  }

  /// Refuses the whole request.
  void refuse(Throwable error) {
    AbstractResponse response = request.getErrorResponse(error);
    if (response == null) {
      exchange.answer(new Answer.Hangup("no error response for " + context.header.apiKey()));
    } else {
      answer(response);
    }
  }
}

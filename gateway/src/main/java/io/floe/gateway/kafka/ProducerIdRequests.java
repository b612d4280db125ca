package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.InitProducerIdRequest;
import org.apache.kafka.common.requests.InitProducerIdResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// InitProducerId: a fresh id for an idempotent producer.
///
/// Thread-safety: stateless.
final class ProducerIdRequests {
  private static final Logger LOG = LoggerFactory.getLogger(ProducerIdRequests.class);

  private final LogService log;

  ProducerIdRequests(LogService log) {
    this.log = log;
  }

  void init(Call<InitProducerIdRequest> call) {
    String transactionalId = call.request().data().transactionalId();
    if (transactionalId != null) {
      // "" is never valid; any other asks for transactions, which a producer must be told for good.
      fail(call, transactionalId.isEmpty() ? Errors.INVALID_REQUEST : Errors.UNSUPPORTED_VERSION);
      return;
    }
    var _ =
        log.nextProducerId()
            .whenComplete(
                (id, failure) -> {
                  if (failure == null) {
                    call.answerInTurn(
                        () ->
                            new InitProducerIdResponse(
                                new InitProducerIdResponseData()
                                    .setProducerId(id)
                                    .setProducerEpoch((short) 0)));
                  } else {
                    LOG.atWarn()
                        .addKeyValue("cause", failure.getMessage())
                        .log("no producer id now; the producer asks again");
                    fail(call, Errors.COORDINATOR_LOAD_IN_PROGRESS);
                  }
                });
  }

  private static void fail(Call<InitProducerIdRequest> call, Errors error) {
    call.answer(
        new InitProducerIdResponse(
            new InitProducerIdResponseData()
                .setErrorCode(error.code())
                .setProducerId(RecordBatch.NO_PRODUCER_ID)
                .setProducerEpoch(RecordBatch.NO_PRODUCER_EPOCH)));
  }
}

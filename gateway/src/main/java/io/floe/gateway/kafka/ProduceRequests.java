package io.floe.gateway.kafka;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.consensus.metadata.core.TopicConfigs;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.gateway.GatewaySettings;
import io.floe.gateway.kafka.Partitions.Lookup;
import io.floe.gateway.network.Answer;
import io.floe.model.PartitionId;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.BatchInfo;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.BatchValidation;
import io.floe.model.batch.Compression;
import io.floe.model.batch.InvalidBatchException;
import io.floe.model.batch.RecordCursor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.ProduceResponseData.NodeEndpoint;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.ProduceResponse;
import org.jspecify.annotations.Nullable;

/// Produce: checks each batch and hands it, where it lies in the request's buffer, to its
/// partition's log.
///
/// All appends of a request begin on the connection's network thread, in the order of the requests,
/// so that the batches of one producer keep their order while several requests wait for the quorum.
/// `acks=1` waits for the quorum as well: a safe superset.
///
/// Thread-safety: [#produce] on network threads.
final class ProduceRequests {
  /// First version with topic ids instead of names.
  private static final short TOPIC_ID_SINCE = 13;

  /// First version with the leader's address beside "not leader" (KIP-951).
  private static final short LEADER_HINT_SINCE = 10;

  private static final short ZSTD_SINCE = 7;

  /// What the records of one batch of a compacted topic may decompress to, as a factor of the batch
  /// limit: the keys have to be looked at, a decompression bomb must not be.
  private static final int DECOMPRESSED_FACTOR = 32;

  private final LogService log;
  private final GatewaySettings settings;
  private final Partitions partitions;
  private final ThreadLocal<BatchReader> readers;

  ProduceRequests(LogService log, GatewaySettings settings) {
    this.log = log;
    this.settings = settings;
    this.partitions = new Partitions(log);
    int decompressedMax =
        (int) Math.min(1 << 30, (long) DECOMPRESSED_FACTOR * settings.batchBytesMax());
    this.readers = ThreadLocal.withInitial(() -> new BatchReader(decompressedMax));
  }

  void produce(Call<ProduceRequest> call) {
    Pending pending = new Pending(call);
    short acks = call.request().acks();
    Errors refusal = Errors.NONE;
    if (acks < -1 || acks > 1) {
      refusal = Errors.INVALID_REQUIRED_ACKS;
    } else if (call.request().transactionalId() != null) {
      // Nothing begins a transaction here (InitProducerId refuses), so this client is lost.
      refusal = Errors.INVALID_TXN_STATE;
    }
    for (int i = 0; i < pending.size(); i++) {
      if (refusal == Errors.NONE) {
        append(pending, i);
      } else {
        pending.fail(i, refusal, refusal.message());
      }
    }
    pending.begun();
  }

  private void append(Pending pending, int i) {
    Item item = pending.items.get(i);
    Lookup lookup =
        pending.call.version() >= TOPIC_ID_SINCE
            ? partitions.find(item.topicId(), item.index())
            : partitions.find(item.topicName(), item.index());
    switch (lookup) {
      case Lookup.NotServed not -> pending.fail(i, not);
      case Lookup.Served served -> {
        PartitionId id = served.log().id();
        if (!pending.isFirstOf(id)) {
          pending.fail(i, Errors.INVALID_REQUEST, "partition " + id + " is twice in the request");
          return;
        }
        BatchInfo info = checked(pending, i, served.topic());
        if (info != null) {
          ByteBuffer batch = bytes(item.records());
          pending.call.exchange().hold();
          served
              .log()
              .append(
                  batch,
                  info,
                  result -> {
                    pending.call.exchange().letGo();
                    pending.finish(i, new Outcome.Answered(id, result));
                  });
        }
      }
    }
  }

  private static ByteBuffer bytes(@Nullable BaseRecords records) {
    return records instanceof MemoryRecords memory ? memory.buffer() : ByteBuffer.allocate(0);
  }

  /// Facts about the one batch, or null after saying what is wrong with it.
  private @Nullable BatchInfo checked(Pending pending, int i, TopicRecord topic) {
    ByteBuffer batch = bytes(pending.items.get(i).records());
    if (!batch.hasRemaining()) {
      pending.fail(i, Errors.INVALID_RECORD, "there must be exactly one batch, there is none");
      return null;
    }
    int position = batch.position();
    BatchValidation.Result result =
        BatchValidation.check(batch, position, batchBytesMax(topic), BatchValidation.Origin.CLIENT);
    return switch (result) {
      case BatchValidation.Refused refused -> {
        pending.fail(i, KafkaErrors.of(refused.reason()), refused.message());
        yield null;
      }
      case BatchValidation.Valid valid -> {
        Outcome.Failed problem = problem(pending.call.version(), batch, valid.info(), topic);
        if (problem != null) {
          pending.finish(i, problem);
        }
        yield problem == null ? valid.info() : null;
      }
    };
  }

  private Outcome.@Nullable Failed problem(
      short version, ByteBuffer batch, BatchInfo info, TopicRecord topic) {
    int position = batch.position();
    if (info.sizeBytes() != batch.remaining()) {
      return new Outcome.Failed(
          Errors.INVALID_RECORD,
          "there must be exactly one batch, behind it are "
              + (batch.remaining() - info.sizeBytes())
              + " bytes more");
    }
    if (BatchHeader.isTransactional(batch, position)) {
      return new Outcome.Failed(Errors.INVALID_TXN_STATE, "transactions are not supported");
    }
    if (version < ZSTD_SINCE
        && Compression.of(BatchHeader.attributes(batch, position)) == Compression.ZSTD) {
      return new Outcome.Failed(
          Errors.UNSUPPORTED_COMPRESSION_TYPE,
          "zstd needs Produce version " + ZSTD_SINCE + ", this is " + version);
    }
    return isCompacted(topic) ? keyProblem(batch) : null;
  }

  private int batchBytesMax(TopicRecord topic) {
    return Math.min(
        settings.batchBytesMax(), Integer.parseInt(topic.config(TopicConfigs.MAX_MESSAGE_BYTES)));
  }

  private static boolean isCompacted(TopicRecord topic) {
    return topic.config(TopicConfigs.CLEANUP_POLICY).contains("compact");
  }

  /// A record without a key could never be compacted.
  private Outcome.@Nullable Failed keyProblem(ByteBuffer batch) {
    List<BatchIndexAndErrorMessage> keyless = new ArrayList<>();
    try {
      RecordCursor cursor = readers.get().open(batch, batch.position());
      while (cursor.next()) {
        if (cursor.key() == null) {
          keyless.add(
              new BatchIndexAndErrorMessage()
                  .setBatchIndex(cursor.offsetDelta())
                  .setBatchIndexErrorMessage("a record of a compacted topic needs a key"));
        }
      }
    } catch (InvalidBatchException e) {
      return new Outcome.Failed(Errors.INVALID_RECORD, String.valueOf(e.getMessage()));
    }
    return keyless.isEmpty()
        ? null
        : new Outcome.Failed(
            Errors.INVALID_RECORD, "records of a compacted topic need keys", keyless, null);
  }

  /// One partition's part of a request.
  private record Item(String topicName, Uuid topicId, int index, @Nullable BaseRecords records) {}

  /// What became of one part.
  private sealed interface Outcome {

    record Answered(PartitionId partition, AppendResult result) implements Outcome {}

    record Failed(
        Errors error,
        @Nullable String message,
        List<BatchIndexAndErrorMessage> recordErrors,
        Lookup.@Nullable NotServed hint)
        implements Outcome {
      Failed(Errors error, @Nullable String message) {
        this(error, message, List.of(), null);
      }
    }
  }

  /// A request whose appends are under way. Results arrive from threads of the log in any order;
  /// whoever brings the last one, or the deadline, has it answered.
  private final class Pending {
    private final Call<ProduceRequest> call;
    private final List<Item> items = new ArrayList<>();
    private final AtomicReferenceArray<@Nullable Outcome> outcomes;

    /// One more than there are parts, so that it is not finished before all were begun.
    private final AtomicInteger missing;

    private final Set<PartitionId> seen = new HashSet<>();

    Pending(Call<ProduceRequest> call) {
      this.call = call;
      for (TopicProduceData topic : call.request().data().topicData()) {
        for (PartitionProduceData partition : topic.partitionData()) {
          items.add(
              new Item(topic.name(), topic.topicId(), partition.index(), partition.records()));
        }
      }
      outcomes = new AtomicReferenceArray<>(items.size());
      missing = new AtomicInteger(items.size() + 1);
    }

    int size() {
      return items.size();
    }

    boolean isFirstOf(PartitionId id) {
      return seen.add(id);
    }

    void fail(int i, Errors error, @Nullable String message) {
      finish(i, new Outcome.Failed(error, message));
    }

    void fail(int i, Lookup.NotServed not) {
      finish(i, new Outcome.Failed(not.error(), not.error().message(), List.of(), not));
    }

    void finish(int i, Outcome outcome) {
      outcomes.set(i, outcome);
      countDown();
    }

    void begun() {
      if (call.request().acks() != 0) {
        long timeoutNanos = Duration.ofMillis(Math.max(0, call.request().timeout())).toNanos();
        call.exchange()
            .onDeadline(System.nanoTime() + timeoutNanos, () -> call.answerInTurn(this::response));
      }
      countDown();
    }

    private void countDown() {
      if (missing.decrementAndGet() != 0) {
        return;
      }
      if (call.request().acks() == 0) {
        call.exchange().answer(silenceOrHangup());
      } else {
        call.answerInTurn(this::response);
      }
    }

    /// Nobody reads an answer; a failure is told by closing, so that the producer looks up the
    /// metadata again.
    private Answer silenceOrHangup() {
      for (int i = 0; i < size(); i++) {
        PartitionProduceResponse response = response(i, new ProduceResponseData());
        if (response.errorCode() != Errors.NONE.code()) {
          return new Answer.Hangup(
              "produce with acks=0 failed: "
                  + Errors.forCode(response.errorCode())
                  + " "
                  + response.errorMessage());
        }
      }
      return new Answer.Silence();
    }

    private ProduceResponse response() {
      ProduceResponseData data = new ProduceResponseData();
      int i = 0;
      for (TopicProduceData topic : call.request().data().topicData()) {
        TopicProduceResponse answered =
            new TopicProduceResponse().setName(topic.name()).setTopicId(topic.topicId());
        for (int end = i + topic.partitionData().size(); i < end; i++) {
          answered.partitionResponses().add(response(i, data));
        }
        data.responses().add(answered);
      }
      return new ProduceResponse(data);
    }

    private PartitionProduceResponse response(int i, ProduceResponseData data) {
      PartitionProduceResponse response =
          new PartitionProduceResponse()
              .setIndex(items.get(i).index())
              .setBaseOffset(ProduceResponse.INVALID_OFFSET)
              .setErrorMessage(null);
      switch (outcomes.get(i)) {
        case null ->
            response
                .setErrorCode(Errors.REQUEST_TIMED_OUT.code())
                .setErrorMessage("not acknowledged in time; it may still be written");
        case Outcome.Failed failed -> {
          response
              .setErrorCode(failed.error().code())
              .setErrorMessage(failed.message())
              .setRecordErrors(failed.recordErrors());
          if (failed.hint() != null) {
            hint(response, data, failed.hint());
          }
        }
        case Outcome.Answered answered -> fill(response, data, answered);
      }
      return response;
    }

    private void fill(
        PartitionProduceResponse response, ProduceResponseData data, Outcome.Answered answered) {
      switch (answered.result()) {
        case AppendResult.Acked acked ->
            response
                .setErrorCode(Errors.NONE.code())
                .setBaseOffset(acked.baseOffset())
                .setLogStartOffset(acked.logStartOffset());
        case AppendResult.Unknown unknown ->
            response
                .setErrorCode(KafkaErrors.ofUnknownOutcome().code())
                .setErrorMessage(unknown.message());
        case AppendResult.Refused refused -> {
          Errors error = KafkaErrors.of(refused.reason());
          if (error == Errors.UNKNOWN_TOPIC_OR_PARTITION && call.version() >= TOPIC_ID_SINCE) {
            error = Errors.UNKNOWN_TOPIC_ID;
          }
          response.setErrorCode(error.code()).setErrorMessage(refused.message());
          if (error == Errors.NOT_LEADER_OR_FOLLOWER) {
            var state = log.metadata();
            hint(
                response, data, partitions.notLeader(state, state.partition(answered.partition())));
          }
        }
      }
    }

    private void hint(
        PartitionProduceResponse response, ProduceResponseData data, Lookup.NotServed not) {
      NodeRecord leader = not.leader();
      if (leader == null || call.version() < LEADER_HINT_SINCE) {
        return;
      }
      response.setCurrentLeader(
          new LeaderIdAndEpoch()
              .setLeaderId(leader.id().value())
              .setLeaderEpoch(not.leaderEpoch()));
      if (data.nodeEndpoints().find(leader.id().value()) == null) {
        data.nodeEndpoints()
            .add(
                new NodeEndpoint()
                    .setNodeId(leader.id().value())
                    .setHost(leader.kafkaHost())
                    .setPort(leader.kafkaPort())
                    .setRack(leader.rack()));
      }
    }
  }
}

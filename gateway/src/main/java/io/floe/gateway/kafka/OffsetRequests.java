package io.floe.gateway.kafka;

import io.floe.actors.log.LogReadException;
import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.actors.log.PartitionLog.EpochEnd;
import io.floe.actors.log.PartitionLog.RecordPosition;
import io.floe.gateway.kafka.Partitions.Lookup;
import java.util.Map;
import java.util.concurrent.Executor;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsTopicResponse;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;
import org.apache.kafka.common.requests.ListOffsetsResponse;
import org.apache.kafka.common.requests.OffsetsForLeaderEpochRequest;
import org.apache.kafka.common.requests.OffsetsForLeaderEpochResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// ListOffsets and OffsetForLeaderEpoch: where in a partition something is.
///
/// Thread-safety: stateless; look-ups by time run on threads that may wait for the disk.
final class OffsetRequests {
  private static final Logger LOG = LoggerFactory.getLogger(OffsetRequests.class);

  /// First version whose answer has a leader epoch; setting it earlier breaks the serialization.
  private static final short EPOCH_SINCE = 4;

  /// Special timestamps and the first version that knows them.
  private static final Map<Long, Integer> SPECIAL_SINCE =
      Map.of(
          ListOffsetsRequest.LATEST_TIMESTAMP, 1,
          ListOffsetsRequest.EARLIEST_TIMESTAMP, 1,
          ListOffsetsRequest.MAX_TIMESTAMP, 7,
          ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP, 8,
          ListOffsetsRequest.LATEST_TIERED_TIMESTAMP, 9,
          ListOffsetsRequest.EARLIEST_PENDING_UPLOAD_TIMESTAMP, 11);

  private static final EpochEnd UNKNOWN_END = new EpochEnd(-1, -1);

  private final Partitions partitions;
  private final Executor readers;

  OffsetRequests(LogService log, Executor readers) {
    this.partitions = new Partitions(log);
    this.readers = readers;
  }

  void listOffsets(Call<ListOffsetsRequest> call) {
    if (!call.request().duplicatePartitions().isEmpty()) {
      call.refuse(
          Errors.INVALID_REQUEST.exception(
              "twice in the request: " + call.request().duplicatePartitions()));
      return;
    }
    boolean mayBlock =
        call.request().topics().stream()
            .flatMap(topic -> topic.partitions().stream())
            .anyMatch(OffsetRequests::mayReadDisk);
    if (mayBlock) {
      readers.execute(() -> answer(call));
    } else {
      answer(call);
    }
  }

  private static boolean mayReadDisk(ListOffsetsPartition partition) {
    return partition.timestamp() >= 0 || partition.timestamp() == ListOffsetsRequest.MAX_TIMESTAMP;
  }

  private void answer(Call<ListOffsetsRequest> call) {
    ListOffsetsResponseData data = new ListOffsetsResponseData();
    for (ListOffsetsTopic topic : call.request().topics()) {
      ListOffsetsTopicResponse answered = new ListOffsetsTopicResponse().setName(topic.name());
      for (ListOffsetsPartition partition : topic.partitions()) {
        answered.partitions().add(find(call.version(), topic.name(), partition));
      }
      data.topics().add(answered);
    }
    call.answer(new ListOffsetsResponse(data));
  }

  private ListOffsetsPartitionResponse find(
      short version, String topic, ListOffsetsPartition wanted) {
    ListOffsetsPartitionResponse answer =
        new ListOffsetsPartitionResponse().setPartitionIndex(wanted.partitionIndex());
    if (wanted.timestamp() < 0
        && SPECIAL_SINCE.getOrDefault(wanted.timestamp(), Integer.MAX_VALUE) > version) {
      return answer.setErrorCode(Errors.UNSUPPORTED_VERSION.code());
    }
    return switch (partitions.find(topic, wanted.partitionIndex())) {
      case Lookup.NotServed not -> answer.setErrorCode(not.error().code());
      case Lookup.Served served -> find(version, served, wanted, answer);
    };
  }

  private static ListOffsetsPartitionResponse find(
      short version,
      Lookup.Served served,
      ListOffsetsPartition wanted,
      ListOffsetsPartitionResponse answer) {
    Errors error = Partitions.checkEpoch(wanted.currentLeaderEpoch(), served.log().epoch());
    if (error != Errors.NONE) {
      return answer.setErrorCode(error.code());
    }
    try {
      RecordPosition found = find(served, wanted.timestamp());
      if (found != null) {
        answer.setOffset(found.offset()).setTimestamp(found.timestamp());
        if (version >= EPOCH_SINCE) {
          answer.setLeaderEpoch(found.epoch());
        }
      }
      return answer;
    } catch (LogReadException e) {
      LOG.atWarn()
          .addKeyValue("partition", served.log().id())
          .addKeyValue("cause", e.getMessage())
          .log("an offset could not be looked up by time");
      return answer.setErrorCode(Errors.KAFKA_STORAGE_ERROR.code());
    }
  }

  private static @Nullable RecordPosition find(Lookup.Served served, long timestamp) {
    PartitionLog log = served.log();
    if (timestamp == ListOffsetsRequest.LATEST_TIMESTAMP) {
      // Read committed ends here as well: without transactions everything committed is stable.
      return new RecordPosition(
          log.highWatermark(), ListOffsetsResponse.UNKNOWN_TIMESTAMP, log.epoch());
    }
    if (timestamp == ListOffsetsRequest.EARLIEST_TIMESTAMP
        || timestamp == ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP) {
      long start = log.logStartOffset();
      return new RecordPosition(
          start,
          ListOffsetsResponse.UNKNOWN_TIMESTAMP,
          Topology.epochAt(served.partition(), start));
    }
    if (timestamp == ListOffsetsRequest.MAX_TIMESTAMP) {
      return log.maxTimestamp();
    }
    // The rest of the special ones ask for a tiered log, of which there is nothing.
    return timestamp < 0 ? null : log.firstAtOrAfter(timestamp);
  }

  void offsetsForLeaderEpoch(Call<OffsetsForLeaderEpochRequest> call) {
    OffsetForLeaderEpochResponseData data = new OffsetForLeaderEpochResponseData();
    for (OffsetForLeaderTopic topic : call.request().data().topics()) {
      OffsetForLeaderTopicResult answered =
          new OffsetForLeaderTopicResult().setTopic(topic.topic());
      for (OffsetForLeaderPartition partition : topic.partitions()) {
        answered.partitions().add(endOf(topic.topic(), partition));
      }
      data.topics().add(answered);
    }
    call.answer(new OffsetsForLeaderEpochResponse(data));
  }

  private EpochEndOffset endOf(String topic, OffsetForLeaderPartition wanted) {
    EpochEndOffset answer = new EpochEndOffset().setPartition(wanted.partition());
    return switch (partitions.find(topic, wanted.partition())) {
      case Lookup.NotServed not -> answer.setErrorCode(not.error().code());
      case Lookup.Served(PartitionLog log, var _, var _) -> {
        Errors error = Partitions.checkEpoch(wanted.currentLeaderEpoch(), log.epoch());
        if (error != Errors.NONE) {
          yield answer.setErrorCode(error.code());
        }
        EpochEnd known = log.endOf(wanted.leaderEpoch());
        EpochEnd end = known == null ? UNKNOWN_END : known;
        yield answer.setLeaderEpoch(end.epoch()).setEndOffset(end.endOffset());
      }
    };
  }
}

package io.floe.gateway.kafka;

import io.floe.actors.log.LogRead;
import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.consensus.metadata.core.NodeRecord;
import io.floe.gateway.GatewaySettings;
import io.floe.gateway.kafka.Partitions.Lookup;
import io.floe.gateway.network.ResponseMemory;
import io.floe.storage.LogSlice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.FetchResponseData.NodeEndpoint;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.FetchMetadata;
import org.apache.kafka.common.requests.FetchRequest;
import org.apache.kafka.common.requests.FetchResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fetch: whole committed batches from the one that holds the wanted offset.
///
/// A fetch *waits* without a thread until enough bytes can be read, something is wrong with a
/// partition, or its time is up. Then it waits for its *turn* on the connection, so that no more
/// than one answer of a connection pins bytes of the log, for its share of the *response memory*,
/// and *reads* on a thread that may block. Without sessions (KIP-227): every fetch is a full one.
///
/// Thread-safety: [#fetch] on network threads; a waiting fetch is woken from any thread.
final class FetchRequests {
  private static final Logger LOG = LoggerFactory.getLogger(FetchRequests.class);

  /// First version with topic ids instead of names.
  private static final short TOPIC_ID_SINCE = 13;

  /// First versions with the current leader, and with its address beside it (KIP-951).
  private static final short LEADER_SINCE = 12;

  private static final short LEADER_ENDPOINT_SINCE = 16;

  /// Up to this size the records go out in one write with the response's head; larger ones are sent
  /// from where they lie, which pays only when the copy saved is larger than the call added.
  private static final int GATHER_BYTES_MAX = 64 << 10;

  /// A wait that wakes this often without a byte more to read is left to its timer: the partition
  /// wakes for a reason that a fetch does not see.
  private static final int IDLE_WAKES_MAX = 8;

  private final Partitions partitions;
  private final GatewaySettings settings;
  private final ResponseMemory memory;
  private final Executor readers;
  private final ScheduledExecutorService timer;
  private final Set<Waiting> waiting = ConcurrentHashMap.newKeySet();
  private volatile boolean isShuttingDown;

  FetchRequests(
      LogService log,
      GatewaySettings settings,
      ResponseMemory memory,
      Executor readers,
      ScheduledExecutorService timer) {
    this.partitions = new Partitions(log);
    this.settings = settings;
    this.memory = memory;
    this.readers = readers;
    this.timer = timer;
  }

  /// From now on no fetch waits.
  void beginShutdown() {
    isShuttingDown = true;
    waiting.forEach(Waiting::wake);
  }

  void fetch(Call<FetchRequest> call) {
    Errors sessionError = sessionError(call.request().metadata());
    if (sessionError != Errors.NONE) {
      call.answer(
          FetchResponse.of(
              new FetchResponseData()
                  .setErrorCode(sessionError.code())
                  .setSessionId(FetchMetadata.INVALID_SESSION_ID)));
      return;
    }
    new Waiting(call).begin();
  }

  /// No session is ever given out, so any that a client names is not ours.
  private static Errors sessionError(FetchMetadata metadata) {
    if (metadata.isFull()) {
      return Errors.NONE;
    }
    return metadata.sessionId() == FetchMetadata.INVALID_SESSION_ID
        ? Errors.INVALID_FETCH_SESSION_EPOCH
        : Errors.FETCH_SESSION_ID_NOT_FOUND;
  }

  /// One partition's part of a fetch.
  private record Part(
      String topicName, Uuid topicId, int index, int clientEpoch, long offset, int bytesMax) {}

  /// A fetch until it reads.
  private final class Waiting {
    private final Call<FetchRequest> call;
    private final List<Part> parts = new ArrayList<>();
    private final int bytesMax;
    private final int bytesMin;
    private final AtomicBoolean isWoken = new AtomicBoolean();

    private final List<PartitionLog.Wait> waits = new ArrayList<>();
    private @Nullable Future<?> timeout;
    private long lastReadable = -1;
    private int idleWakes;
    private volatile boolean isTimeUp;
    private boolean isOver;

    Waiting(Call<FetchRequest> call) {
      this.call = call;
      FetchRequestData data = call.request().data();
      for (FetchTopic topic : data.topics()) {
        for (FetchPartition partition : topic.partitions()) {
          parts.add(
              new Part(
                  topic.topic(),
                  topic.topicId(),
                  partition.partition(),
                  partition.currentLeaderEpoch(),
                  partition.fetchOffset(),
                  Math.max(0, partition.partitionMaxBytes())));
        }
      }
      bytesMax = Math.clamp(data.maxBytes(), 0, settings.fetchBytesMax());
      bytesMin = Math.min(data.minBytes(), bytesMax);
    }

    void begin() {
      long waitMillis = Math.min(call.request().maxWait(), settings.fetchWaitMax().toMillis());
      isTimeUp = waitMillis <= 0;
      if (tryFinish()) {
        return;
      }
      waiting.add(this);
      call.exchange().onAbandoned(this::giveUp);
      synchronized (this) {
        if (!isOver) {
          timeout =
              timer.schedule(
                  () -> {
                    isTimeUp = true;
                    wake();
                  },
                  waitMillis,
                  TimeUnit.MILLISECONDS);
        }
      }
      if (isShuttingDown) {
        wake();
      }
    }

    /// From any thread: something changed.
    void wake() {
      if (isWoken.compareAndSet(false, true)) {
        readers.execute(
            () -> {
              isWoken.set(false);
              var _ = tryFinish();
            });
      }
    }

    private synchronized void giveUp() {
      isOver = true;
      cleanUp();
    }

    private void cleanUp() {
      waits.forEach(PartitionLog.Wait::close);
      waits.clear();
      if (timeout != null) {
        timeout.cancel(false);
      }
      waiting.remove(this);
    }

    /// Goes on when there is enough to read or no reason to wait, else waits for more.
    private boolean tryFinish() {
      long readable;
      synchronized (this) {
        if (isOver) {
          return true;
        }
        waits.forEach(PartitionLog.Wait::close);
        waits.clear();
        readable = isTimeUp || isShuttingDown ? bytesMax : readableOrWait();
        if (readable < bytesMin) {
          return false;
        }
        isOver = true;
        cleanUp();
      }
      call.exchange().whenFirst(this::reserve);
      return true;
    }

    /// Bytes that can be read; `Long.MAX_VALUE` when the answer must not wait for more.
    private long readableOrWait() {
      long readable = 0;
      List<Runnable> waitFors = new ArrayList<>(parts.size());
      for (Part part : parts) {
        if (!(find(part) instanceof Lookup.Served(PartitionLog log, var _, var _))
            || Partitions.checkEpoch(part.clientEpoch(), log.epoch()) != Errors.NONE) {
          return Long.MAX_VALUE;
        }
        long highWatermark = log.highWatermark();
        long offset = part.offset();
        if (offset < log.logStartOffset() || offset > log.logEndOffset()) {
          return Long.MAX_VALUE;
        }
        if (offset < highWatermark) {
          // The first batch is always sent, so there is at least one byte, whatever the limits.
          readable += Math.max(1, log.readableBytes(offset, Math.min(part.bytesMax(), bytesMax)));
        }
        if (readable >= bytesMin) {
          return readable;
        }
        waitFors.add(() -> waits.add(log.awaitBeyond(Math.max(offset, highWatermark), this::wake)));
      }
      if (parts.isEmpty()) {
        return Long.MAX_VALUE;
      }
      idleWakes = readable == lastReadable ? idleWakes + 1 : 0;
      lastReadable = readable;
      if (idleWakes <= IDLE_WAKES_MAX) {
        waitFors.forEach(Runnable::run);
      }
      return readable;
    }

    private Lookup find(Part part) {
      return call.version() >= TOPIC_ID_SINCE
          ? partitions.find(part.topicId(), part.index())
          : partitions.find(part.topicName(), part.index());
    }

    /// On the network thread, when all earlier answers are out.
    private void reserve() {
      long wanted = wantedBytes();
      Runnable granted = () -> readers.execute(() -> read(wanted));
      call.exchange().onAbandoned(() -> memory.cancel(granted));
      memory.reserve(wanted, granted);
    }

    private long wantedBytes() {
      long wanted = 0;
      for (Part part : parts) {
        if (wanted < bytesMax && find(part) instanceof Lookup.Served served) {
          long limit = Math.min(part.bytesMax(), bytesMax - wanted);
          wanted += served.log().readableBytes(part.offset(), limit);
        }
      }
      return wanted;
    }

    private void read(long reservedBytes) {
      List<LogSlice> slices = new ArrayList<>();
      FetchResponseData data = new FetchResponseData();
      long bytes = 0;
      boolean isAnswered = false;
      try {
        FetchableTopicResponse topic = null;
        for (Part part : parts) {
          if (topic == null
              || !topic.topicId().equals(part.topicId())
              || !topic.topic().equals(part.topicName())) {
            topic =
                new FetchableTopicResponse().setTopic(part.topicName()).setTopicId(part.topicId());
            data.responses().add(topic);
          }
          PartitionData answer = new PartitionData().setPartitionIndex(part.index());
          int limit = (int) Math.min(part.bytesMax(), bytesMax - bytes);
          bytes += read(part, answer, data, limit, bytes == 0, slices);
          topic.partitions().add(answer);
        }
        long pinned = bytes;
        call.answer(
            FetchResponse.of(data),
            () -> {
              slices.forEach(LogSlice::close);
              memory.release(pinned);
            });
        isAnswered = true;
        // What was not needed after all goes back at once; what came on top counts from now on.
        memory.release(reservedBytes - pinned);
      } catch (RuntimeException e) {
        LOG.atError().setCause(e).log("a fetch failed");
        if (!isAnswered) {
          slices.forEach(LogSlice::close);
          memory.release(reservedBytes);
          call.refuse(Errors.UNKNOWN_SERVER_ERROR.exception());
        }
      }
    }

    /// Fills in one partition; returns the bytes of its records.
    private int read(
        Part part,
        PartitionData answer,
        FetchResponseData data,
        int limit,
        boolean isFirstWithData,
        List<LogSlice> slices) {
      answer.setRecords(MemoryRecords.EMPTY);
      return switch (find(part)) {
        case Lookup.NotServed not -> {
          fail(answer, not.error());
          hint(answer, data, not);
          yield 0;
        }
        case Lookup.Served(PartitionLog log, var _, var _) -> {
          Errors epochError = Partitions.checkEpoch(part.clientEpoch(), log.epoch());
          if (epochError != Errors.NONE) {
            fail(answer, epochError);
            yield 0;
          }
          boolean isFull = limit <= 0 && !isFirstWithData;
          LogRead read =
              isFull && part.offset() < log.highWatermark() && part.offset() >= log.logStartOffset()
                  ? new LogRead.AtEnd(log.highWatermark())
                  : log.read(part.offset(), Math.max(0, limit));
          yield fill(part, answer, log, read, limit, isFirstWithData, slices);
        }
      };
    }

    private int fill(
        Part part,
        PartitionData answer,
        PartitionLog log,
        LogRead read,
        int limit,
        boolean isFirstWithData,
        List<LogSlice> slices) {
      return switch (read) {
        case LogRead.OutOfRange ignored -> {
          fail(answer, Errors.OFFSET_OUT_OF_RANGE);
          yield 0;
        }
        case LogRead.Damaged damaged -> {
          LOG.atWarn()
              .addKeyValue("partition", log.id())
              .addKeyValue("offset", part.offset())
              .addKeyValue("cause", damaged.message())
              .log("damaged bytes were asked for; readable again from {}", damaged.nextOffset());
          fail(answer, Errors.CORRUPT_MESSAGE);
          yield 0;
        }
        case LogRead.Failed failed -> {
          LOG.atWarn()
              .addKeyValue("partition", log.id())
              .addKeyValue("cause", failed.message())
              .log("a read failed");
          fail(answer, Errors.KAFKA_STORAGE_ERROR);
          yield 0;
        }
        case LogRead.AtEnd ignored -> {
          succeed(answer, log);
          yield 0;
        }
        case LogRead.Batches(LogSlice slice, var _) -> {
          succeed(answer, log);
          if (slice.sizeBytes() > limit && !isFirstWithData) {
            // Its first batch alone is over what is left: next time, as the first.
            slice.close();
            yield 0;
          }
          slices.add(slice);
          answer.setRecords(records(slice));
          yield slice.sizeBytes();
        }
      };
    }

    private static BaseRecords records(LogSlice slice) {
      if (slice.sizeBytes() <= GATHER_BYTES_MAX) {
        try {
          return MemoryRecords.readableRecords(slice.asBuffer());
        } catch (IOException e) {
          // Sending will fail in the same way, and close the connection.
          LOG.atWarn().addKeyValue("cause", e.getMessage()).log("a read failed");
        }
      }
      return new SliceRecords(slice);
    }

    /// The high watermark is read after the records, so that it is never below what they hold.
    private static void succeed(PartitionData answer, PartitionLog log) {
      long highWatermark = log.highWatermark();
      answer
          .setHighWatermark(highWatermark)
          .setLastStableOffset(highWatermark)
          .setLogStartOffset(log.logStartOffset())
          // None, for any isolation level: nothing can be aborted without transactions.
          .setAbortedTransactions(List.of());
    }

    private static void fail(PartitionData answer, Errors error) {
      answer
          .setErrorCode(error.code())
          .setHighWatermark(FetchResponse.INVALID_HIGH_WATERMARK)
          .setLastStableOffset(FetchResponse.INVALID_LAST_STABLE_OFFSET)
          .setLogStartOffset(FetchResponse.INVALID_LOG_START_OFFSET)
          .setAbortedTransactions(null);
    }

    private void hint(PartitionData answer, FetchResponseData data, Lookup.NotServed not) {
      NodeRecord leader = not.leader();
      if (leader == null || call.version() < LEADER_SINCE) {
        return;
      }
      answer.setCurrentLeader(
          new LeaderIdAndEpoch()
              .setLeaderId(leader.id().value())
              .setLeaderEpoch(not.leaderEpoch()));
      if (call.version() >= LEADER_ENDPOINT_SINCE
          && data.nodeEndpoints().find(leader.id().value()) == null) {
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

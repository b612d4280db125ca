package io.floe.client;

import io.floe.actors.log.AppendResult;
import io.floe.actors.log.LogService;
import io.floe.actors.log.PartitionLog;
import io.floe.client.ProducerException.Reason;
import io.floe.client.ProducerMessage.Envelope;
import io.floe.client.ProducerMessage.RecordMetadata;
import io.floe.client.ProducerMessage.Results;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.model.PartitionId;
import io.floe.model.batch.BatchBuilder;
import io.floe.model.batch.RecordHeader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.jspecify.annotations.Nullable;

/// One run of a producer: takes envelopes in, lays their records into the [Lane] of their
/// partition, sends the lanes' batches and gives results out in the order of the envelopes.
///
/// Thread-safety: as every stage, its own callbacks only; the log's answers come back by
/// [AsyncCallback], which drops what arrives after the end.
final class ProducerLogic<K, V, P extends @Nullable Object> extends TimerGraphStageLogic {
  private static final Object LINGER = new Object();
  private static final Object EXPIRY = new Object();
  private static final Duration EXPIRY_CHECK_MAX = Duration.ofSeconds(1);
  private static final int EXPIRY_CHECKS = 4;
  private static final long NO_PRODUCER_ID = -1;

  private record Answer(Lane lane, Lane.Batch batch, AppendResult result) {}

  private record IdReply(@Nullable Long id, @Nullable Throwable failure) {}

  /// A topic as records are spread over it.
  private static final class Target {
    MetadataState seen;
    TopicRecord topic;

    /// Partition of the records without a key until its batch is closed: they fill whole batches
    /// instead of a sliver in each partition.
    int sticky;

    Target(MetadataState seen, TopicRecord topic) {
      this.seen = seen;
      this.topic = topic;
      // Not the same beginning for every producer.
      this.sticky = ThreadLocalRandom.current().nextInt(topic.partitions().size());
    }
  }

  private final Inlet<Envelope<K, V, P>> in;
  private final Outlet<Results<K, V, P>> out;
  private final ProducerSettings<K, V> settings;
  private final LogService log;
  private final BatchBuilder builder;
  private final AsyncCallback<Answer> answered;
  private final AsyncCallback<IdReply> identified;

  private final ArrayDeque<Pending<K, V, P>> pending = new ArrayDeque<>();
  private final Map<PartitionId, Lane> lanes = new HashMap<>();
  private final Map<String, Target> targets = new HashMap<>();
  private long producerId = NO_PRODUCER_ID;
  private long takenBytes;
  private boolean isFinishing;
  private @Nullable Throwable upstreamFailure;

  ProducerLogic(
      FlowShape<Envelope<K, V, P>, Results<K, V, P>> shape, ProducerSettings<K, V> settings) {
    super(shape);
    this.in = shape.in();
    this.out = shape.out();
    this.settings = settings;
    this.log = settings.log();
    this.builder = new BatchBuilder(settings.compression(), settings.batchBytesMax());
    this.answered = createAsyncCallback(this::onAnswer);
    this.identified = createAsyncCallback(this::onProducerId);
    setHandlers(
        in,
        out,
        new AbstractInOutHandler() {
          @Override
          public void onPush() {
            try {
              take(grab(in));
            } catch (ProducerException e) {
              failStage(e);
              return;
            }
            proceed();
          }

          @Override
          public void onPull() {
            proceed();
          }

          @Override
          public void onUpstreamFinish() {
            finish();
          }

          @Override
          public void onUpstreamFailure(Throwable failure) {
            upstreamFailure = failure;
            finish();
          }
        });
  }

  @Override
  public void preStart() {
    log.nextProducerId().whenComplete((id, failure) -> identified.invoke(new IdReply(id, failure)));
    Duration quarter = settings.deliveryTimeout().dividedBy(EXPIRY_CHECKS);
    Duration check = quarter.compareTo(EXPIRY_CHECK_MAX) < 0 ? quarter : EXPIRY_CHECK_MAX;
    scheduleWithFixedDelay(EXPIRY, check, check);
  }

  private void onProducerId(IdReply reply) {
    Long id = reply.id();
    if (id == null) {
      failStage(
          new ProducerException(
              Reason.NO_PRODUCER_ID,
              "",
              -1,
              "the node gave no producer id: " + reply.failure(),
              reply.failure()));
      return;
    }
    producerId = id;
    proceed();
  }

  private void finish() {
    isFinishing = true;
    lanes.values().forEach(this::send);
    proceed();
  }

  @Override
  public void onTimer(Object key) {
    if (key instanceof Lane rested) {
      rested.isResting = false;
      rested.hasReturns = false;
      send(rested);
    } else if (key == LINGER) {
      lanes.values().forEach(this::send);
      scheduleLinger();
    } else {
      expire();
    }
  }

  /// Gives out what is complete, takes in what there is room for, ends when all is done.
  private void proceed() {
    Pending<K, V, P> head = pending.peek();
    if (head != null && head.isComplete() && isAvailable(out)) {
      pending.remove();
      push(out, head.results());
    }
    if (isFinishing && pending.isEmpty()) {
      if (upstreamFailure == null) {
        completeStage();
      } else {
        failStage(upstreamFailure);
      }
    } else if (producerId != NO_PRODUCER_ID
        && pending.size() < settings.parallelism()
        && takenBytes < settings.bufferBytesMax()
        && !isClosed(in)
        && !hasBeenPulled(in)) {
      pull(in);
    }
  }

  private void take(Envelope<K, V, P> envelope) {
    Pending<K, V, P> taken = new Pending<>(envelope);
    pending.add(taken);
    int part = 0;
    for (ProducerRecord<K, V> record : taken.records()) {
      take(taken, part++, record);
    }
  }

  private void take(Pending<K, V, P> envelope, int part, ProducerRecord<K, V> record) {
    String topic = record.topic();
    K key = record.key();
    V value = record.value();
    byte[] keyBytes = key == null ? null : settings.keySerializer().serialize(topic, key);
    byte[] valueBytes = value == null ? null : settings.valueSerializer().serialize(topic, value);
    Long timestamp = record.timestamp();
    Lane.Item item =
        new Lane.Item(
            envelope,
            part,
            timestamp == null ? System.currentTimeMillis() : timestamp,
            keyBytes == null ? null : ByteBuffer.wrap(keyBytes),
            valueBytes == null ? null : ByteBuffer.wrap(valueBytes),
            headers(record.headers()));
    Target target = targetOf(topic);
    int partition = partitionOf(target, record, keyBytes);
    long size = item.sizeBytes();
    if (size > settings.recordBytesMax()) {
      throw new ProducerException(
          Reason.RECORD_TOO_LARGE,
          topic,
          partition,
          "a record of " + size + " bytes, record-bytes-max is " + settings.recordBytesMax());
    }
    Lane lane = laneOf(target, partition);
    if (lane.isFilling() && lane.fillingBytes() + size > settings.batchBytesMax()) {
      seal(lane);
    }
    boolean wasEmpty = !lane.isFilling();
    lane.add(item, System.nanoTime());
    takenBytes += size;
    if (lane.fillingBytes() >= settings.batchBytesMax()) {
      seal(lane);
    } else if (wasEmpty && !settings.linger().isZero() && !isTimerActive(LINGER)) {
      scheduleOnce(LINGER, settings.linger());
    }
    send(lane);
  }

  private static List<RecordHeader> headers(List<Header> headers) {
    if (headers.isEmpty()) {
      return List.of();
    }
    List<RecordHeader> encoded = new ArrayList<>(headers.size());
    for (Header header : headers) {
      byte[] value = header.value();
      encoded.add(new RecordHeader(header.key(), value == null ? null : ByteBuffer.wrap(value)));
    }
    return encoded;
  }

  private Target targetOf(String topic) {
    MetadataState metadata = log.metadata();
    Target target = targets.get(topic);
    if (target == null || target.seen != metadata) {
      TopicRecord record = metadata.topic(topic);
      if (record == null) {
        throw new ProducerException(Reason.UNKNOWN_PARTITION, topic, -1, "there is no such topic");
      }
      if (target == null) {
        target = new Target(metadata, record);
        targets.put(topic, target);
      } else {
        target.seen = metadata;
        target.topic = record;
      }
    }
    return target;
  }

  private int partitionOf(Target target, ProducerRecord<K, V> record, byte @Nullable [] key) {
    int partitions = target.topic.partitions().size();
    Integer wanted = record.partition();
    if (wanted != null) {
      if (wanted >= partitions) {
        throw new ProducerException(
            Reason.UNKNOWN_PARTITION,
            record.topic(),
            wanted,
            "the topic has " + partitions + " partitions");
      }
      return wanted;
    }
    return key == null ? target.sticky % partitions : Partitioner.partitionOf(key, partitions);
  }

  private Lane laneOf(Target target, int partition) {
    return lanes.computeIfAbsent(
        new PartitionId(target.topic.id(), partition),
        id -> new Lane(new TopicPartition(target.topic.name(), partition), id));
  }

  private void seal(Lane lane) {
    lane.seal(builder, producerId);
    Target target = targets.get(lane.name.topic());
    if (target != null) {
      int partitions = target.topic.partitions().size();
      if (target.sticky % partitions == lane.name.partition()) {
        target.sticky = (target.sticky + 1) % partitions;
      }
    }
  }

  private void send(Lane lane) {
    while (!lane.hasReturns
        && lane.onTheWay < (lane.isProven ? settings.maxInFlightBatches() : 1)) {
      Lane.Batch batch = lane.nextToSend();
      if (batch == null) {
        if (!isDue(lane)) {
          return;
        }
        seal(lane);
      } else {
        append(lane, batch);
      }
    }
  }

  /// Whether a batch that is not full goes now.
  private boolean isDue(Lane lane) {
    if (!lane.isFilling()) {
      return false;
    }
    return isFinishing
        || (settings.linger().isZero()
            ? lane.unacked.isEmpty()
            : System.nanoTime() - lane.fillingSinceNanos() >= settings.linger().toNanos());
  }

  private void scheduleLinger() {
    long now = System.nanoTime();
    long oldestAge = -1;
    for (Lane lane : lanes.values()) {
      // One that is due by now waits for an answer, not for the clock.
      if (lane.isFilling() && !isDue(lane)) {
        oldestAge = Math.max(oldestAge, now - lane.fillingSinceNanos());
      }
    }
    if (oldestAge >= 0) {
      scheduleOnce(LINGER, Duration.ofNanos(settings.linger().toNanos() - oldestAge));
    }
  }

  private void append(Lane lane, Lane.Batch batch) {
    batch.isOnTheWay = true;
    lane.onTheWay++;
    PartitionLog partition = log.partition(lane.id);
    if (partition != null) {
      partition.append(
          batch.bytes.duplicate(),
          batch.info,
          result -> answered.invoke(new Answer(lane, batch, result)));
    } else {
      AppendResult.Reason reason =
          log.metadata().partition(lane.id) == null
              ? AppendResult.Reason.UNKNOWN_PARTITION
              : AppendResult.Reason.NOT_WRITER;
      answered.invoke(
          new Answer(
              lane, batch, new AppendResult.Refused(reason, "this node does not serve it now")));
    }
  }

  private void onAnswer(Answer answer) {
    Lane lane = answer.lane();
    Lane.Batch batch = answer.batch();
    lane.onTheWay--;
    batch.isOnTheWay = false;
    switch (answer.result()) {
      case AppendResult.Acked acked -> acked(lane, batch, acked.baseOffset());
      case AppendResult.Unknown unknown -> returned(lane, unknown.message());
      case AppendResult.Refused refused -> {
        Reason fatal = fatalReason(lane, batch, refused.reason());
        if (fatal != null) {
          failStage(
              new ProducerException(
                  fatal, lane.name.topic(), lane.name.partition(), refused.message()));
          return;
        }
        returned(lane, refused.reason() + ": " + refused.message());
      }
    }
    if (lane.hasReturns && lane.onTheWay == 0 && !lane.isResting) {
      lane.isResting = true;
      scheduleOnce(lane, settings.retryBackoff());
    }
    send(lane);
    proceed();
  }

  private void acked(Lane lane, Lane.Batch batch, long baseOffset) {
    lane.unacked.remove(batch);
    lane.isProven = !lane.hasReturns;
    takenBytes -= batch.itemBytes;
    for (int i = 0; i < batch.items.size(); i++) {
      Lane.Item item = batch.items.get(i);
      item.envelope()
          .acked(item.part(), new RecordMetadata(lane.name, baseOffset + i, item.timestamp()));
    }
  }

  private static void returned(Lane lane, String message) {
    lane.hasReturns = true;
    lane.isProven = false;
    lane.lastRefusal = message;
  }

  /// What the stream fails with, or null when the batch may be sent again.
  private @Nullable Reason fatalReason(Lane lane, Lane.Batch batch, AppendResult.Reason reason) {
    return switch (reason) {
      case NOT_WRITER, OVERLOADED, NO_SPACE -> null;
      case UNKNOWN_PARTITION ->
          // Its node may not have caught up with a topic that was just created.
          log.metadata().partition(lane.id) == null ? Reason.UNKNOWN_PARTITION : null;
      // Behind a batch that was refused, all that follow are out of order: they come again after
      // it.
      case OUT_OF_ORDER_SEQUENCE ->
          lane.unacked.peek() == batch ? Reason.OUT_OF_ORDER_SEQUENCE : null;
      case PRODUCER_FENCED -> Reason.PRODUCER_FENCED;
      case STORE_FAILED -> Reason.STORE_FAILED;
    };
  }

  private void expire() {
    long now = System.nanoTime();
    for (Lane lane : lanes.values()) {
      Long oldest = lane.oldestNanos();
      if (oldest != null && now - oldest > settings.deliveryTimeout().toNanos()) {
        failStage(
            new ProducerException(
                Reason.DELIVERY_TIMEOUT,
                lane.name.topic(),
                lane.name.partition(),
                "not acknowledged within "
                    + settings.deliveryTimeout()
                    + "; last: "
                    + lane.lastRefusal));
        return;
      }
    }
  }
}

package io.floe.gateway.tool;

import io.floe.gateway.tool.ConsumeOptions.Start;
import io.floe.gateway.tool.RemoteException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// Records as they come. [#hasNext()] blocks until there is one, or it is known that there will be
/// none: the wanted count was reached, the end was reached, or the records were closed.
///
/// Thread-safety: one thread iterates; [#close()] may be called from any thread and ends the
/// iteration.
public final class RemoteRecords implements Iterator<RemoteRecord>, AutoCloseable {
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final ReentrantLock consuming = new ReentrantLock();
  private final String action;
  private final boolean isUntilEnd;

  /// Partitions that have not reached their end yet; only with `isUntilEnd`.
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  private long remaining;
  private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();
  private @Nullable ConsumerRecord<byte[], byte[]> upcoming;
  private volatile boolean isClosed;

  private RemoteRecords(KafkaConsumer<byte[], byte[]> consumer, ConsumeOptions options) {
    this.consumer = consumer;
    this.action = "consume " + options.topic();
    this.isUntilEnd = options.isUntilEnd();
    this.remaining = options.count() == -1 ? Long.MAX_VALUE : options.count();
  }

  static RemoteRecords open(String bootstrap, ConsumeOptions options) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(ConsumerConfig.CLIENT_ID_CONFIG, "floe-tool");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 15_000);
    settings.put(ConsumerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(ConsumerConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    String action = "consume " + options.topic();
    KafkaConsumer<byte[], byte[]> consumer =
        RemoteFailures.translating(
            action,
            () ->
                new KafkaConsumer<>(
                    settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    RemoteRecords records = new RemoteRecords(consumer, options);
    try {
      RemoteFailures.translating(
          action,
          () -> {
            records.start(options);
            return records;
          });
    } catch (RemoteException e) {
      records.close();
      throw e;
    }
    return records;
  }

  private void start(ConsumeOptions options) {
    List<TopicPartition> partitions = wanted(options);
    consumer.assign(partitions);
    Map<TopicPartition, Long> latest = consumer.endOffsets(partitions);
    switch (options.from()) {
      case Start.Earliest ignored -> seek(consumer.beginningOffsets(partitions));
      case Start.Latest ignored -> seek(latest);
      case Start.Offset(long offset) -> {
        Map<TopicPartition, Long> earliest = consumer.beginningOffsets(partitions);
        for (TopicPartition partition : partitions) {
          requireInRange(partition, offset, earliest, latest);
          consumer.seek(partition, offset);
        }
      }
      case Start.Timestamp(long timestamp) -> {
        Map<TopicPartition, Long> query = new HashMap<>();
        partitions.forEach(p -> query.put(p, timestamp));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(query);
        for (TopicPartition partition : partitions) {
          OffsetAndTimestamp place = found.get(partition);
          consumer.seek(
              partition,
              place == null
                  ? RemoteFailures.present(action, latest.get(partition))
                  : place.offset());
        }
      }
    }
    if (isUntilEnd) {
      ends.putAll(latest);
      dropFinished();
    }
  }

  private void seek(Map<TopicPartition, Long> offsets) {
    offsets.forEach((partition, offset) -> consumer.seek(partition, offset));
  }

  private static void requireInRange(
      TopicPartition partition,
      long offset,
      Map<TopicPartition, Long> earliest,
      Map<TopicPartition, Long> latest) {
    String where = "consume " + partition;
    long first = RemoteFailures.present(where, earliest.get(partition));
    long end = RemoteFailures.present(where, latest.get(partition));
    if (offset < first || offset > end) {
      throw new RemoteException(
          where + ": offset " + offset + " is not between " + first + " and " + end,
          Kind.OUT_OF_RANGE);
    }
  }

  private List<TopicPartition> wanted(ConsumeOptions options) {
    List<PartitionInfo> infos = consumer.partitionsFor(options.topic());
    if (infos == null || infos.isEmpty()) {
      throw new RemoteException(
          "there is no topic \"" + options.topic() + "\"", Kind.UNKNOWN_TOPIC);
    }
    TreeSet<Integer> known = new TreeSet<>();
    infos.forEach(info -> known.add(info.partition()));
    TreeSet<Integer> chosen =
        options.partitions().isEmpty() ? known : new TreeSet<>(options.partitions());
    List<TopicPartition> partitions = new ArrayList<>();
    for (int partition : chosen) {
      if (!known.contains(partition)) {
        throw new RemoteException(
            "topic \""
                + options.topic()
                + "\" has no partition "
                + partition
                + ", only 0 to "
                + known.last(),
            Kind.UNKNOWN_PARTITION);
      }
      partitions.add(new TopicPartition(options.topic(), partition));
    }
    return partitions;
  }

  /// Whether a record is here already, so that [#hasNext()] answers without waiting.
  public boolean hasBuffered() {
    consuming.lock();
    try {
      return upcoming != null || polled.hasNext();
    } finally {
      consuming.unlock();
    }
  }

  @Override
  public boolean hasNext() {
    consuming.lock();
    try {
      while (!isClosed && remaining > 0) {
        if (upcoming != null || takeFromPolled()) {
          return true;
        }
        if (isUntilEnd) {
          dropFinished();
          if (ends.isEmpty()) {
            return false;
          }
        }
        polled = consumer.poll(Duration.ofSeconds(1)).iterator();
      }
      return false;
    } catch (WakeupException e) {
      return false;
    } catch (KafkaException e) {
      throw RemoteFailures.of(action, e);
    } finally {
      consuming.unlock();
    }
  }

  private boolean takeFromPolled() {
    while (polled.hasNext()) {
      ConsumerRecord<byte[], byte[]> record = polled.next();
      if (isWanted(record)) {
        upcoming = record;
        return true;
      }
    }
    return false;
  }

  /// With `isUntilEnd`, what came after consuming began is not wanted.
  private boolean isWanted(ConsumerRecord<byte[], byte[]> record) {
    if (!isUntilEnd) {
      return true;
    }
    Long end = ends.get(new TopicPartition(record.topic(), record.partition()));
    return end != null && record.offset() < end;
  }

  @Override
  public RemoteRecord next() {
    ConsumerRecord<byte[], byte[]> record = hasNext() ? upcoming : null;
    if (record == null) {
      throw new NoSuchElementException(action + ": no more records");
    }
    upcoming = null;
    remaining--;
    List<RemoteHeader> headers = new ArrayList<>();
    for (Header header : record.headers()) {
      headers.add(new RemoteHeader(header.key(), header.value()));
    }
    return new RemoteRecord(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.key(),
        record.value(),
        headers);
  }

  /// Only when nothing polled is left: the consumer's position is then the reader's.
  private void dropFinished() {
    ends.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  @Override
  public void close() {
    isClosed = true;
    consumer.wakeup();
    consuming.lock();
    try {
      consumer.close();
    } catch (WakeupException e) {
      // The wakeup above met no poll; the consumer closes all the same.
    } finally {
      consuming.unlock();
    }
  }
}

package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.actors.log.LogRead;
import io.floe.model.batch.BatchHeader;
import io.floe.model.batch.Compression;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.OverflowStrategy;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;

final class SourceTest extends StreamFixture {
  private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
  private static final Subscription ALL = Subscriptions.topics(TOPIC);

  private InMemoryPartition oneOfOne() {
    log.createTopic(TOPIC, 1);
    return log.partition(TOPIC, 0);
  }

  // ---- order and completeness

  @Test
  void deliversEveryRecordOnceInOrderAcrossRollsAndEpochs() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      String topic = "t" + round;
      log.createTopic(topic, 1);
      InMemoryPartition partition = log.partition(topic, 0);
      partition.batchesPerSegment = 1 + random.nextInt(4);
      int records = 0;
      while (records < 500) {
        int count = 1 + random.nextInt(60);
        Compression compression = List.of(Compression.values()).get(random.nextInt(5));
        partition.fill(count, 1 + random.nextInt(20), compression, offset -> offset);
        records += count;
        if (random.nextInt(4) == 0) {
          partition.newEpoch();
        }
      }
      ConsumerSettings<String, String> settings =
          consumer().withFetchBytesMax(1024).withBufferBytesMax(2048 + random.nextInt(10_000));
      List<ConsumerRecord<String, String>> read =
          read(settings, Subscriptions.topics(topic), records);
      assertThat(values(read)).as("seed %s", seed).isEqualTo(numbers(0, records));
      assertThat(read).extracting(ConsumerRecord::offset).isSorted();
    }
  }

  @Test
  void goesOnWithWhatIsWrittenWhileItReads() {
    InMemoryPartition partition = oneOfOne();
    partition.batchesPerSegment = 3;
    CompletionStage<List<ConsumerRecord<String, String>>> read =
        Consumer.plainSource(consumer(), ALL).take(2000).runWith(Sink.seq(), system);
    for (int i = 0; i < 200; i++) {
      partition.fill(10, 4);
      if (i % 50 == 49) {
        pause(5);
        partition.newEpoch();
      }
    }
    assertThat(values(get(read))).isEqualTo(numbers(0, 2000));
  }

  @Test
  void staysBelowTheHighWatermark() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 5);
    partition.holdHighWatermark(5);
    SinkQueueWithCancel<ConsumerRecord<String, String>> queue =
        Consumer.plainSource(consumer(), ALL).runWith(Sink.queue(), system);
    for (int i = 0; i < 5; i++) {
      get(queue.pull());
    }
    CompletionStage<Optional<ConsumerRecord<String, String>>> sixth = queue.pull();
    pause(50);
    assertThat(sixth.toCompletableFuture()).isNotDone();
    partition.holdHighWatermark(10);
    assertThat(get(sixth).orElseThrow().value()).isEqualTo("5");
    queue.cancel();
  }

  @Test
  void carriesKeysHeadersTimesAndTombstones() {
    InMemoryPartition partition = oneOfOne();
    List<Header> headers = List.of(Header.of("h", "1"), Header.of("h", "2"), new Header("n", null));
    partition.fillOne("k", "v", headers);
    partition.fillOne("gone", null, List.of());
    List<ConsumerRecord<String, String>> read = read(consumer(), ALL, 2);
    assertThat(read.getFirst())
        .isEqualTo(new ConsumerRecord<>(TOPIC, 0, 0, 1, 1, "k", "v", headers));
    assertThat(read.get(1).value()).isNull();
    assertThat(read.get(1).key()).isEqualTo("gone");
  }

  @Test
  void leavesMarkersOfTransactionsOut() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(2, 2);
    partition.fillWithMarker();
    partition.fill(2, 2);
    assertThat(read(consumer(), ALL, 4))
        .extracting(ConsumerRecord::offset)
        .containsExactly(0L, 1L, 3L, 4L);
  }

  // ---- where it starts

  @Test
  void startsAtAnOffsetInTheMiddleOfABatch() {
    oneOfOne().fill(100, 30);
    for (int from : new int[] {0, 1, 29, 30, 31, 99}) {
      Subscription subscription = Subscriptions.assignmentWithOffset(FIRST, from);
      assertThat(values(read(consumer(), subscription, 100 - from))).isEqualTo(numbers(from, 100));
    }
  }

  @Test
  void startsAtTheExactRecordOfATimestamp() {
    // Times that go back and stand still: the first record that is not older, not a neighbour.
    long[] times = {50, 10, 20, 20, 40, 30, 60, 60, 55, 70};
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 4, Compression.LZ4, offset -> times[(int) offset]);
    long[][] expected = {{0, 0}, {50, 0}, {51, 6}, {60, 6}, {61, 9}, {70, 9}};
    for (long[] pair : expected) {
      Subscription subscription =
          Subscriptions.assignmentOffsetsForTimes(FIRST, Instant.ofEpochMilli(pair[0]));
      assertThat(read(consumer(), subscription, 1).getFirst().offset())
          .as("time %s", pair[0])
          .isEqualTo(pair[1]);
    }
  }

  @Test
  void startsBehindTheLastRecordWhenNoneIsYoungEnough() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 4);
    Subscription subscription =
        Subscriptions.assignmentOffsetsForTimes(FIRST, Instant.ofEpochMilli(Long.MAX_VALUE / 2));
    CompletionStage<ConsumerRecord<String, String>> next =
        Consumer.plainSource(consumer(), subscription).runWith(Sink.head(), system);
    eventually(() -> log.openWaits.get() == 1);
    partition.fill(1, 1);
    assertThat(get(next).offset()).isEqualTo(10);
  }

  @Test
  void latestMissesNothingThatIsWrittenAfterTheStart() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 4);
    CountDownLatch started = new CountDownLatch(1);
    partition.beforeRead =
        () -> {
          if (started.getCount() > 0) {
            // Written after the stream began, before it has read anything.
            started.countDown();
            partition.fill(1, 1);
          }
        };
    Subscription subscription = Subscriptions.topics(TOPIC).startingAt(StartAt.latest());
    assertThat(read(consumer(), subscription, 1).getFirst().offset()).isEqualTo(10);
  }

  @Test
  void goesOnFromAStoredPlace() {
    oneOfOne().fill(100, 7);
    List<ConsumerRecord<String, String>> seen = new ArrayList<>();
    StartAt start = StartAt.earliest();
    while (seen.size() < 100) {
      seen.addAll(
          read(
              consumer(), Subscriptions.assignment(FIRST, start), Math.min(13, 100 - seen.size())));
      start = seen.getLast().partitionOffset().next();
    }
    assertThat(values(seen)).isEqualTo(numbers(0, 100));
  }

  // ---- several partitions

  @Test
  void readsManyPartitionsEachInOrderAndNoneStarves() {
    int partitions = 50;
    log.createTopic(TOPIC, partitions);
    for (int i = 0; i < partitions; i++) {
      // The first is much larger than all others together.
      log.partition(TOPIC, i).fill(i == 0 ? 50_000 : 100, 10);
    }
    ConsumerSettings<String, String> small =
        consumer().withFetchBytesMax(1024).withBufferBytesMax(8 * 1024);
    List<ConsumerRecord<String, String>> read = read(small, ALL, 49 * 100 * 3);
    Map<Integer, Long> next = new HashMap<>();
    for (ConsumerRecord<String, String> record : read) {
      assertThat(record.offset()).isEqualTo(next.merge(record.partition(), 1L, Long::sum) - 1);
    }
    // Turns are equal, so all small ones are through long before the large one.
    for (int i = 1; i < partitions; i++) {
      assertThat(next.get(i)).as("partition %s", i).isEqualTo(100);
    }
  }

  @Test
  void findsPartitionsThatAreAddedAndReadsThemFromTheirBeginning() {
    oneOfOne().fill(5, 5);
    CompletionStage<List<ConsumerRecord<String, String>>> read =
        Consumer.plainSource(consumer(), ALL).take(10).runWith(Sink.seq(), system);
    log.addPartitions(TOPIC, 2);
    log.partition(TOPIC, 1).fill(5, 5);
    assertThat(get(read)).filteredOn(record -> record.partition() == 1).hasSize(5);
  }

  @Test
  void offersASourceForEachPartitionAndForThoseThatAreAdded() {
    log.createTopic(TOPIC, 3);
    for (int i = 0; i < 3; i++) {
      log.partition(TOPIC, i).fill(100, 9);
    }
    Pair<Consumer.Control, CompletionStage<List<List<ConsumerRecord<String, String>>>>> run =
        Consumer.plainPartitionedSource(consumer(), ALL)
            .flatMapMerge(10, pair -> pair.second().take(100).grouped(100))
            .take(4)
            .toMat(Sink.seq(), Keep.both())
            .run(system);
    log.addPartitions(TOPIC, 4);
    log.partition(TOPIC, 3).fill(100, 9);
    List<List<ConsumerRecord<String, String>>> groups = get(run.second());
    assertThat(groups).allSatisfy(group -> assertThat(values(group)).isEqualTo(numbers(0, 100)));
    assertThat(groups)
        .extracting(group -> group.getFirst().partition())
        .containsExactlyInAnyOrder(0, 1, 2, 3);
    get(run.first().isShutdown());
  }

  @Test
  void endsTheSourcesOfPartitionsWithTheOuterOne() {
    log.createTopic(TOPIC, 2);
    Pair<Consumer.Control, CompletionStage<Done>> run =
        Consumer.plainPartitionedSource(consumer(), ALL)
            .flatMapMerge(10, pair -> pair.second())
            .toMat(Sink.ignore(), Keep.both())
            .run(system);
    eventually(() -> log.openWaits.get() == 2);
    get(run.first().shutdown());
    assertThat(log.openWaits).hasValue(0);
    get(run.second());
  }

  @Test
  void pinsTheStartOfAPartitionWhenItsSourceIsOffered() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(3, 3);
    Pair<TopicPartition, Source<ConsumerRecord<String, String>, NotUsed>> offered =
        get(Consumer.plainPartitionedSource(
                    consumer(), Subscriptions.topics(TOPIC).startingAt(StartAt.latest()))
                // Keeps the outer source open, since its end would be the inner one's.
                .concat(Source.maybe())
                .runWith(Sink.queue(), system)
                .pull())
            .orElseThrow();
    partition.fill(1, 1);
    assertThat(get(offered.second().runWith(Sink.head(), system)).offset()).isEqualTo(3);
  }

  // ---- batches, context

  @Test
  void deliversBatchesAsTheyLie() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(100, 7, Compression.ZSTD, offset -> offset);
    partition.fillWithMarker();
    List<ConsumerBatch> read =
        get(
            Consumer.batchSource(consumer(), Subscriptions.assignmentWithOffset(FIRST, 8))
                .take(15)
                .runWith(Sink.seq(), system));
    assertThat(read)
        .extracting(ConsumerBatch::bytes)
        .isEqualTo(
            partition.stored().stream()
                .skip(1)
                .map(InMemoryPartition.Stored::bytes)
                .map(ByteBuffer::asReadOnlyBuffer)
                .toList());
    assertThat(read.getFirst().baseOffset()).isEqualTo(7);
    assertThat(read.getFirst().recordCount()).isEqualTo(7);
    assertThat(read.getLast().isControl()).isTrue();
    assertThat(read.getLast().nextOffset()).isEqualTo(101);
  }

  @Test
  void carriesThePlaceBesideTheRecord() {
    oneOfOne().fill(5, 2);
    List<Pair<Integer, PartitionOffset>> read =
        get(
            Consumer.sourceWithOffsetContext(consumer(), ALL)
                .map(record -> Integer.parseInt(String.valueOf(record.value())) * 10)
                .filter(number -> number >= 30)
                .asSource()
                .take(2)
                .runWith(Sink.seq(), system));
    assertThat(read)
        .containsExactly(
            Pair.create(30, new PartitionOffset(FIRST, 3)),
            Pair.create(40, new PartitionOffset(FIRST, 4)));
  }

  // ---- demand

  @Test
  void readsNothingBeforeItIsAsked() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 1);
    SinkQueueWithCancel<ConsumerRecord<String, String>> queue =
        Consumer.plainSource(consumer(), ALL)
            .runWith(
                Sink.<ConsumerRecord<String, String>>queue()
                    .withAttributes(org.apache.pekko.stream.Attributes.inputBuffer(1, 1)),
                system);
    // A queue asks for its buffer at once, so the gate stands before it.
    assertThat(get(queue.pull())).isPresent();
    queue.cancel();
    int reads = partition.reads.get();
    Consumer.Control control =
        Consumer.plainSource(consumer(), ALL)
            .to(Sink.fromSubscriber(new NeverAsking<>()))
            .run(system);
    pause(50);
    assertThat(partition.reads).hasValue(reads);
    get(control.shutdown());
  }

  @Test
  void aSlowSinkBoundsWhatIsReadAhead() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(20_000, 10);
    int batchBytes = partition.stored().getFirst().bytes().capacity();
    ConsumerSettings<String, String> small =
        consumer().withFetchBytesMax(4 * 1024).withBufferBytesMax(16 * 1024);
    SinkQueueWithCancel<ConsumerRecord<String, String>> queue =
        Consumer.plainSource(small, ALL).runWith(Sink.queue(1), system);
    for (int taken = 0; taken < 2_000; taken++) {
      assertThat(get(queue.pull()).orElseThrow().value()).isEqualTo(Integer.toString(taken));
      if (taken % 500 == 0) {
        pause(30);
        // What was read is what was taken and what the buffer holds, and no more.
        long readBytesMax = partition.reads.get() * 4L * 1024;
        long takenBytes = (taken / 10 + 2L) * batchBytes;
        assertThat(readBytesMax).isLessThanOrEqualTo(takenBytes * 4 / 3 + 16 * 1024);
      }
    }
    queue.cancel();
  }

  @Test
  void reservesBeforeItReadsSoThatManyPartitionsKeepTheBound() {
    int partitions = 40;
    log.createTopic(TOPIC, partitions);
    AtomicInteger under = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    for (int i = 0; i < partitions; i++) {
      InMemoryPartition partition = log.partition(TOPIC, i);
      partition.fill(10, 5);
      partition.beforeRead =
          () -> {
            most.accumulateAndGet(under.incrementAndGet(), Math::max);
            pause(2);
            under.decrementAndGet();
          };
    }
    // Half of the buffer is two reads; the third starts while it is exactly half full.
    ConsumerSettings<String, String> small =
        consumer().withFetchBytesMax(1024).withBufferBytesMax(4 * 1024);
    assertThat(read(small, ALL, partitions * 10)).hasSize(partitions * 10);
    assertThat(most.get()).isBetween(1, 3);
  }

  // ---- control

  @Test
  void stopEndsTheStreamAndKeepsWhatItEmitted() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(20_000, 10);
    AtomicInteger processed = new AtomicInteger();
    Consumer.DrainingControl<Integer> control =
        Consumer.plainSource(consumer(), ALL)
            .buffer(100, OverflowStrategy.backpressure())
            .map(
                record -> {
                  pause(1);
                  return processed.incrementAndGet();
                })
            .toMat(Sink.fold(0, (count, record) -> count + 1), Consumer::createDrainingControl)
            .run(system);
    eventually(() -> processed.get() > 20);
    int counted = get(control.drainAndShutdown(system.executionContext()));
    assertThat(counted).isEqualTo(processed.get()).isLessThan(20_000);
    assertThat(control.isShutdown().toCompletableFuture()).isCompleted();
  }

  @Test
  void drainReportsTheStreamsFailureAndShutsDownAnyway() {
    oneOfOne().fill(10, 10);
    IllegalStateException failure = new IllegalStateException("the sink broke");
    Consumer.DrainingControl<Done> control =
        Consumer.plainSource(consumer(), ALL)
            .map(
                record -> {
                  throw failure;
                })
            .toMat(Sink.ignore(), Consumer::createDrainingControl)
            .run(system);
    // Not stopped before it met its record.
    eventually(() -> control.streamCompletion().toCompletableFuture().isDone());
    assertThat(
            failureOf(
                control.drainAndShutdown(system.executionContext()), IllegalStateException.class))
        .isSameAs(failure);
    get(control.isShutdown());
  }

  @Test
  void shutdownWaitsForTheReadThatIsUnderWay() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 10);
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch mayReturn = new CountDownLatch(1);
    partition.beforeRead =
        () -> {
          reading.countDown();
          await(mayReturn);
        };
    Consumer.Control control = Consumer.plainSource(consumer(), ALL).to(Sink.ignore()).run(system);
    await(reading);
    CompletableFuture<Done> shutdown = control.shutdown().toCompletableFuture();
    get(control.stop());
    pause(30);
    assertThat(shutdown).isNotDone();
    mayReturn.countDown();
    get(shutdown);
    // The read brought a slice to a stream that was gone; the fixture looks that it was closed.
    assertThat(partition.reads).hasValue(1);
  }

  @Test
  void controlMayBeCalledAfterTheEnd() {
    oneOfOne().fill(10, 10);
    Pair<Consumer.Control, CompletionStage<ConsumerRecord<String, String>>> run =
        Consumer.plainSource(consumer(), ALL).toMat(Sink.head(), Keep.both()).run(system);
    get(run.second());
    get(run.first().isShutdown());
    get(run.first().stop());
    get(run.first().shutdown());
  }

  @Test
  void cancellationAtAnyMomentLeaksNothing() {
    log.createTopic(TOPIC, 4);
    for (int i = 0; i < 4; i++) {
      log.partition(TOPIC, i).fill(200, 3);
    }
    for (int round = 0; round < 60; round++) {
      Pair<Consumer.Control, CompletionStage<List<ConsumerRecord<String, String>>>> run =
          Consumer.plainSource(
                  consumer().withFetchBytesMax(1024).withBufferBytesMax(2048 + 997 * round), ALL)
              .take(1 + 13L * round)
              .toMat(Sink.seq(), Keep.both())
              .run(system);
      get(run.second());
      get(run.first().isShutdown());
      assertThat(log.openSlices).hasValue(0);
      assertThat(log.openWaits).hasValue(0);
    }
  }

  // ---- failures

  @Test
  void damageFailsTheStreamBehindWhatIsReadableAndSaysWhereToGoOn() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 5);
    AtomicInteger reads = new AtomicInteger();
    partition.readFault =
        () -> reads.getAndIncrement() == 0 ? null : new LogRead.Damaged(17, "bits rotted");
    List<String> seen = new ArrayList<>();
    CompletionStage<Done> run =
        Consumer.plainSource(consumer(), ALL)
            .runForeach(record -> seen.add(String.valueOf(record.value())), system);
    ConsumerException.Damaged damaged = failureOf(run, ConsumerException.Damaged.class);
    assertThat(damaged.partition()).isEqualTo(FIRST);
    assertThat(damaged.offset()).isEqualTo(10);
    assertThat(damaged.nextOffset()).isEqualTo(17);
    assertThat(damaged).hasMessageContaining("orders-0").hasMessageContaining("bits rotted");
    assertThat(seen).isEqualTo(numbers(0, 10));
  }

  @Test
  void aWrongChecksumFailsTheStreamBehindWhatIsRight() {
    for (int flipped : new int[] {0, 5, 12, 19}) {
      String topic = "flip" + flipped;
      log.createTopic(topic, 1);
      log.partition(topic, 0).fill(20, 5);
      log.partition(topic, 0).flipBitAt(flipped);
      List<String> seen = new ArrayList<>();
      CompletionStage<Done> run =
          Consumer.plainSource(consumer(), Subscriptions.topics(topic))
              .runForeach(record -> seen.add(String.valueOf(record.value())), system);
      ConsumerException.Corrupt corrupt = failureOf(run, ConsumerException.Corrupt.class);
      assertThat(corrupt.offset()).isEqualTo(flipped / 5L * 5);
      assertThat(corrupt).hasMessageContaining("checksum");
      assertThat(seen).isEqualTo(numbers(0, flipped / 5 * 5));
    }
  }

  @Test
  void aWrongChecksumFailsTheBatchSourceToo() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(10, 5);
    partition.flipBitAt(5);
    failureOf(
        Consumer.batchSource(consumer(), ALL).runWith(Sink.seq(), system),
        ConsumerException.Corrupt.class);
  }

  @Test
  void aDeserializerThatThrowsNamesTheRecord() {
    oneOfOne().fill(10, 4);
    ConsumerSettings<String, Integer> settings =
        ConsumerSettings.create(
            system,
            log,
            Deserializer.string(),
            (topic, bytes) -> {
              int value =
                  Integer.parseInt(new String(bytes, java.nio.charset.StandardCharsets.UTF_8));
              if (value == 6) {
                throw new IllegalArgumentException("six");
              }
              return value;
            });
    ConsumerException.Undecodable failure =
        failureOf(
            Consumer.plainSource(settings, ALL).runWith(Sink.seq(), system),
            ConsumerException.Undecodable.class);
    assertThat(failure.offset()).isEqualTo(6);
    assertThat(failure).hasRootCauseMessage("six");
  }

  @Test
  void refusesABatchThatDecompressesToTooMuch() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(2_000, 2_000, Compression.ZSTD, offset -> 1);
    failureOf(
        Consumer.plainSource(consumer().withDecompressedBytesMax(1_000), ALL)
            .runWith(Sink.seq(), system),
        ConsumerException.Undecodable.class);
  }

  @Test
  void deletionOfTheTopicFailsTheStreamEvenIfItsNameComesBack() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(3, 3);
    List<String> seen = new ArrayList<>();
    CompletionStage<Done> run =
        Consumer.plainSource(consumer(), ALL)
            .runForeach(record -> seen.add(String.valueOf(record.value())), system);
    eventually(() -> log.openWaits.get() == 1);
    log.deleteTopic(TOPIC);
    oneOfOne().fill(100, 3);
    ConsumerException.TopicDeleted deleted = failureOf(run, ConsumerException.TopicDeleted.class);
    assertThat(deleted.partition()).isEqualTo(FIRST);
    assertThat(deleted.offset()).isEqualTo(3);
    assertThat(seen).isEqualTo(numbers(0, 3));
  }

  @Test
  void anUnknownTopicOrPartitionFailsAtOnce() {
    log.createTopic(TOPIC, 2);
    ConsumerException.UnknownPartition topic =
        failureOf(
            Consumer.plainSource(consumer(), Subscriptions.topics("nothing"))
                .runWith(Sink.seq(), system),
            ConsumerException.UnknownPartition.class);
    assertThat(topic.partition().topic()).isEqualTo("nothing");
    ConsumerException.UnknownPartition partition =
        failureOf(
            Consumer.plainSource(
                    consumer(),
                    Subscriptions.assignment(new TopicPartition(TOPIC, 2), StartAt.earliest()))
                .runWith(Sink.seq(), system),
            ConsumerException.UnknownPartition.class);
    assertThat(partition).hasMessageContaining("2 partitions");
  }

  @Test
  void outOfRangeFailsUnlessTheSettingsSayWhereToGoOn() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(100, 10);
    partition.deleteBefore(50);
    Subscription below = Subscriptions.assignmentWithOffset(FIRST, 7);
    ConsumerException.OffsetOutOfRange outside =
        failureOf(
            Consumer.plainSource(consumer(), below).runWith(Sink.seq(), system),
            ConsumerException.OffsetOutOfRange.class);
    assertThat(outside.offset()).isEqualTo(7);
    assertThat(outside.logStartOffset()).isEqualTo(50);
    assertThat(outside.logEndOffset()).isEqualTo(100);
    ConsumerSettings<String, String> earliest =
        consumer().withOutOfRange(OutOfRangePolicy.EARLIEST);
    assertThat(values(read(earliest, below, 50))).isEqualTo(numbers(50, 100));
    Subscription above = Subscriptions.assignmentWithOffset(FIRST, 1_000);
    assertThat(values(read(earliest, above, 50))).isEqualTo(numbers(50, 100));
    CompletionStage<ConsumerRecord<String, String>> next =
        Consumer.plainSource(consumer().withOutOfRange(OutOfRangePolicy.LATEST), below)
            .runWith(Sink.head(), system);
    eventually(() -> log.openWaits.get() == 1);
    partition.fill(1, 1);
    assertThat(get(next).offset()).isEqualTo(100);
  }

  @Test
  void retentionThatOvertakesTheStartOfEarliestIsNoFailure() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(100, 10);
    AtomicInteger reads = new AtomicInteger();
    // The log start moves between the look-up and the read.
    partition.beforeRead =
        () -> {
          if (reads.getAndIncrement() == 0) {
            partition.deleteBefore(30);
          }
        };
    assertThat(values(read(consumer(), ALL, 70))).isEqualTo(numbers(30, 100));
  }

  @Test
  void ridesOutAPartitionThatIsAwayForAWhile() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(30, 3);
    AtomicInteger reads = new AtomicInteger();
    partition.readFault =
        () ->
            switch (reads.getAndIncrement() % 3) {
              case 0 -> new LogRead.Failed("busy");
              case 1 -> throw new IllegalStateException("broken");
              default -> null;
            };
    ConsumerSettings<String, String> settings = consumer().withFetchBytesMax(1024);
    CompletionStage<List<ConsumerRecord<String, String>>> read =
        Consumer.plainSource(settings, ALL).take(60).runWith(Sink.seq(), system);
    eventually(() -> log.openWaits.get() == 1);
    InMemoryPartition away = log.unserve(TOPIC, 0);
    away.wakeAll();
    pause(30);
    log.serveAgain(away);
    away.fill(30, 3);
    assertThat(values(get(read))).isEqualTo(numbers(0, 60));
  }

  @Test
  void failsWhenAPartitionStaysAway() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(3, 3);
    partition.readFault = () -> new LogRead.Failed("the disk is gone");
    long begunNanos = System.nanoTime();
    ConsumerException.Unavailable unavailable =
        failureOf(
            Consumer.plainSource(consumer().withUnavailableTimeout(Duration.ofMillis(100)), ALL)
                .runWith(Sink.seq(), system),
            ConsumerException.Unavailable.class);
    assertThat(unavailable).hasMessageContaining("the disk is gone");
    assertThat(Duration.ofNanos(System.nanoTime() - begunNanos))
        .isGreaterThan(Duration.ofMillis(99));
    assertThat(partition.reads.get()).isGreaterThan(2);
  }

  @Test
  void aReadThatBringsCutBytesFailsTheStream() {
    InMemoryPartition partition = oneOfOne();
    partition.fill(5, 5);
    ByteBuffer whole = partition.stored().getFirst().bytes();
    // The length claims more than is there.
    whole.putInt(BatchHeader.LENGTH, whole.getInt(BatchHeader.LENGTH) + 1);
    failureOf(
        Consumer.plainSource(consumer(), ALL).runWith(Sink.seq(), system),
        ConsumerException.Corrupt.class);
  }

  @Test
  void doesNotSpinOnAPartitionThatWakesInVain() {
    InMemoryPartition partition = oneOfOne();
    partition.standsStill = true;
    Consumer.Control control =
        Consumer.plainSource(consumer().withRetryBackoff(Duration.ofMillis(20)), ALL)
            .to(Sink.ignore())
            .run(system);
    pause(200);
    assertThat(partition.reads.get()).isBetween(2, 40);
    get(control.shutdown());
  }

  @Test
  void refusesSubscriptionsThatNameNothing() {
    assertThatThrownBy(() -> Subscriptions.topics(java.util.Set.of()))
        .hasMessageContaining("no topic");
    assertThatThrownBy(() -> Subscriptions.assignment(Map.of()))
        .hasMessageContaining("no partition");
    assertThatThrownBy(() -> StartAt.offset(-1)).hasMessageContaining("-1");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// Subscribes and never asks.
  private static final class NeverAsking<T> implements org.reactivestreams.Subscriber<T> {
    @Override
    public void onSubscribe(org.reactivestreams.Subscription subscription) {}

    @Override
    public void onNext(T element) {
      throw new AssertionError("nobody asked");
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}
  }
}

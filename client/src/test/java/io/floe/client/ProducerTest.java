package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.client.InMemoryPartition.Fate;
import io.floe.client.ProducerException.Reason;
import io.floe.client.ProducerMessage.Envelope;
import io.floe.client.ProducerMessage.MultiResult;
import io.floe.client.ProducerMessage.PassThroughResult;
import io.floe.client.ProducerMessage.Result;
import io.floe.client.ProducerMessage.Results;
import io.floe.model.batch.Compression;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;

final class ProducerTest extends StreamFixture {

  private InMemoryPartition oneOfOne() {
    log.createTopic(TOPIC, 1);
    return log.partition(TOPIC, 0);
  }

  private static Source<ProducerRecord<String, String>, NotUsed> records(int count) {
    return Source.range(0, count - 1)
        .map(number -> ProducerRecord.of(TOPIC, Integer.toString(number)));
  }

  private CompletionStage<Done> write(ProducerSettings<String, String> settings, int count) {
    return records(count).runWith(Producer.plainSink(settings), system);
  }

  private CompletionStage<List<Result<String, String, Integer>>> flow(
      ProducerSettings<String, String> settings, int count) {
    return Source.range(0, count - 1)
        .map(
            number ->
                ProducerMessage.single(
                    ProducerRecord.<String, String>of(TOPIC, Integer.toString(number)), number))
        .via(Producer.flow(settings))
        .runWith(Sink.seq(), system);
  }

  // ---- what is written

  @Test
  void writesEveryRecordOnceInOrderInFewBatches() {
    InMemoryPartition partition = oneOfOne();
    get(write(producer(), 20_000));
    assertThat(partition.values()).isEqualTo(numbers(0, 20_000));
    assertThat(partition.appends.get()).isLessThan(200);
    assertThat(log.producerIdsGiven).hasValue(1);
  }

  @Test
  void answersInOrderWithThePlaceOfEachRecord() {
    log.createTopic(TOPIC, 5);
    List<Result<String, String, Integer>> results =
        get(flow(producer().withBatchBytesMax(300), 5_000));
    assertThat(results)
        .extracting(Result::passThrough)
        .isEqualTo(IntStream.range(0, 5_000).boxed().toList());
    for (Result<String, String, Integer> result : results) {
      TopicPartition place = result.metadata().topicPartition();
      assertThat(log.partition(TOPIC, place.partition()).values().get((int) result.offset()))
          .isEqualTo(Integer.toString(result.passThrough()));
      if (result.passThrough() > 300) {
        break;
      }
    }
  }

  @Test
  void writesKeysHeadersTimesAndTombstones() {
    oneOfOne();
    List<Header> headers = List.of(Header.of("h", "1"), new Header("n", null));
    List<ProducerRecord<String, String>> written =
        List.of(
            ProducerRecord.of(TOPIC, "k", "v").withTimestamp(77).withHeaders(headers),
            ProducerRecord.of(TOPIC, "k", null));
    for (Compression compression : Compression.values()) {
      get(
          Source.from(written)
              .runWith(Producer.plainSink(producer().withCompression(compression)), system));
    }
    List<ConsumerRecord<String, String>> read =
        read(consumer(), Subscriptions.topics(TOPIC), 2 * Compression.values().length);
    for (int i = 0; i < read.size(); i += 2) {
      assertThat(read.get(i))
          .isEqualTo(new ConsumerRecord<>(TOPIC, 0, i, 77, 1, "k", "v", headers));
      assertThat(read.get(i + 1).value()).isNull();
      assertThat(read.get(i + 1).timestamp())
          .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
    }
  }

  @Test
  void keepsManyAndNoneInTheOrderOfTheEnvelopes() {
    log.createTopic(TOPIC, 3);
    List<Envelope<String, String, String>> envelopes =
        List.of(
            ProducerMessage.passThrough("first"),
            ProducerMessage.single(ProducerRecord.of(TOPIC, "k1", "a"), "second"),
            ProducerMessage.passThrough("third"),
            ProducerMessage.multi(
                List.of(ProducerRecord.of(TOPIC, "k1", "b"), ProducerRecord.of(TOPIC, "k2", "c")),
                "fourth"),
            ProducerMessage.multi(List.of(), "fifth"));
    List<Results<String, String, String>> results =
        get(
            Source.from(envelopes)
                .via(Producer.<String, String, String>flexiFlow(producer()))
                .runWith(Sink.seq(), system));
    assertThat(results)
        .extracting(Results::passThrough)
        .containsExactly("first", "second", "third", "fourth", "fifth");
    assertThat(results.getFirst()).isInstanceOf(PassThroughResult.class);
    assertThat(
            results.get(3) instanceof MultiResult<String, String, String> multi
                ? multi.parts().size()
                : -1)
        .isEqualTo(2);
  }

  @Test
  void carriesTheContextOfASourceToTheAnswer() {
    log.createTopic("in", 1);
    log.partition("in", 0).fill(50, 7);
    InMemoryPartition out = oneOfOne();
    List<PartitionOffset> offsets =
        get(
            Consumer.sourceWithOffsetContext(consumer(), Subscriptions.topics("in"))
                .<Envelope<String, String, NotUsed>>map(
                    record ->
                        ProducerMessage.single(
                            ProducerRecord.<String, String>of(TOPIC, record.value())))
                .via(Producer.flowWithContext(producer()))
                .asSource()
                .map(pair -> pair.second())
                .take(50)
                .runWith(Sink.seq(), system));
    assertThat(offsets)
        .extracting(PartitionOffset::offset)
        .isEqualTo(IntStream.range(0, 50).mapToObj(Long::valueOf).toList());
    assertThat(out.values()).isEqualTo(numbers(0, 50));
  }

  // ---- partitions

  @Test
  void choosesPartitionsAsKafkasOwnProducerDoes() {
    Random random = new Random(42);
    for (int i = 0; i < 2_000; i++) {
      byte[] key = new byte[random.nextInt(40)];
      random.nextBytes(key);
      assertThat(Partitioner.murmur2(key)).isEqualTo(Utils.murmur2(key));
      int partitions = 1 + random.nextInt(100);
      assertThat(Partitioner.partitionOf(key, partitions))
          .isEqualTo(BuiltInPartitioner.partitionForKey(key, partitions));
    }
    log.createTopic(TOPIC, 7);
    get(
        Source.range(0, 99)
            .map(number -> ProducerRecord.of(TOPIC, "key" + number, "key" + number))
            .runWith(Producer.plainSink(producer()), system));
    for (int i = 0; i < 7; i++) {
      for (String value : log.partition(TOPIC, i).values()) {
        assertThat(BuiltInPartitioner.partitionForKey(value.getBytes(StandardCharsets.UTF_8), 7))
            .isEqualTo(i);
      }
    }
  }

  @Test
  void recordsWithoutKeyFillWholeBatchesAndReachAllPartitions() {
    log.createTopic(TOPIC, 4);
    get(write(producer().withBatchBytesMax(1_000), 4_000));
    int appends = 0;
    for (int i = 0; i < 4; i++) {
      InMemoryPartition partition = log.partition(TOPIC, i);
      assertThat(partition.values().size()).isGreaterThan(300);
      appends += partition.appends.get();
    }
    assertThat(appends).isLessThan(400);
  }

  @Test
  void writesToThePartitionThatIsAskedFor() {
    log.createTopic(TOPIC, 3);
    get(
        Source.single(ProducerRecord.<String, String>of(TOPIC, "k", "v").withPartition(2))
            .runWith(Producer.plainSink(producer()), system));
    assertThat(log.partition(TOPIC, 2).values()).containsExactly("v");
  }

  // ---- refusals and unknowns

  @Test
  void writesOnceAndInOrderThroughRefusalsAndUnknownFates() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Fate[] fates = {
      Fate.OVERLOADED,
      Fate.NOT_WRITER,
      Fate.NO_SPACE,
      Fate.UNKNOWN_AND_LOST,
      Fate.UNKNOWN_AND_WRITTEN
    };
    for (int round = 0; round < 8; round++) {
      String topic = "t" + round;
      log.createTopic(topic, 2);
      for (int i = 0; i < 2; i++) {
        Random own = new Random(random.nextLong());
        log.partition(topic, i).fates =
            info -> own.nextInt(3) == 0 ? fates[own.nextInt(fates.length)] : Fate.WRITTEN;
      }
      List<Result<String, String, Integer>> results =
          get(
              Source.range(0, 1_999)
                  .map(
                      number ->
                          ProducerMessage.single(
                              ProducerRecord.<String, String>of(topic, Integer.toString(number))
                                  .withPartition(number % 2),
                              number))
                  .via(Producer.flow(producer().withBatchBytesMax(2_000)))
                  .runWith(Sink.seq(), system));
      for (int i = 0; i < 2; i++) {
        int parity = i;
        List<String> values = log.partition(topic, i).values();
        assertThat(values)
            .as("seed %s", seed)
            .isEqualTo(
                IntStream.range(0, 2_000)
                    .filter(number -> number % 2 == parity)
                    .mapToObj(Integer::toString)
                    .toList());
      }
      for (Result<String, String, Integer> result : results) {
        assertThat(result.offset()).as("seed %s", seed).isEqualTo(result.passThrough() / 2);
      }
    }
  }

  @Test
  void sendsTheFirstBatchAloneSoThatALaterOneCannotTakeItsPlace() {
    InMemoryPartition partition = oneOfOne();
    AtomicInteger appends = new AtomicInteger();
    partition.fates = info -> appends.getAndIncrement() == 0 ? Fate.OVERLOADED : Fate.WRITTEN;
    get(write(producer().withBatchBytesMax(100), 500));
    assertThat(partition.values()).isEqualTo(numbers(0, 500));
    assertThat(partition.baseSequences.subList(0, 2)).containsExactly(0, 0);
  }

  @Test
  void keepsAtMostFiveBatchesOnTheWay() {
    InMemoryPartition partition = oneOfOne();
    get(write(producer().withBatchBytesMax(100), 5_000));
    assertThat(partition.onTheWayMax.get()).isBetween(2, 5);
    log.createTopic("one", 1);
    get(
        records(1_000)
            .map(record -> ProducerRecord.<String, String>of("one", record.value()))
            .runWith(
                Producer.plainSink(producer().withBatchBytesMax(100).withMaxInFlightBatches(1)),
                system));
    assertThat(log.partition("one", 0).onTheWayMax).hasValue(1);
  }

  @Test
  void ridesOutAPartitionThatMovesAway() {
    InMemoryPartition partition = oneOfOne();
    log.unserve(TOPIC, 0);
    CompletionStage<Done> written = write(producer(), 100);
    pause(30);
    assertThat(written.toCompletableFuture()).isNotDone();
    log.serveAgain(partition);
    get(written);
    assertThat(partition.values()).isEqualTo(numbers(0, 100));
  }

  // ---- batches and bounds

  @Test
  void lingerGathersASlowStreamIntoBatches() {
    InMemoryPartition partition = oneOfOne();
    get(
        records(60)
            .map(
                record -> {
                  pause(1);
                  return record;
                })
            .runWith(Producer.plainSink(producer().withLinger(Duration.ofMillis(50))), system));
    assertThat(partition.values()).isEqualTo(numbers(0, 60));
    assertThat(partition.appends.get()).isLessThanOrEqualTo(12);
  }

  @Test
  void aLoneRecordIsAnsweredWithoutMoreComing() {
    oneOfOne();
    for (Duration linger : List.of(Duration.ZERO, Duration.ofMillis(10))) {
      Result<String, String, NotUsed> result =
          get(
              Source.single(ProducerMessage.single(ProducerRecord.of(TOPIC, "k", "v")))
                  .concat(Source.maybe())
                  .via(Producer.flow(producer().withLinger(linger)))
                  .runWith(Sink.head(), system));
      assertThat(result.metadata().topicPartition()).isEqualTo(new TopicPartition(TOPIC, 0));
    }
  }

  @Test
  void takesNoMoreThanItMayWhileNothingIsAnswered() {
    InMemoryPartition partition = oneOfOne();
    for (int bound = 0; bound < 2; bound++) {
      partition.holdAnswers();
      AtomicInteger taken = new AtomicInteger();
      ProducerSettings<String, String> settings =
          bound == 0 ? producer().withParallelism(50) : producer().withBufferBytesMax(2_000);
      CompletionStage<Done> written =
          records(500)
              .map(
                  record -> {
                    taken.incrementAndGet();
                    return record;
                  })
              .runWith(Producer.plainSink(settings), system);
      pause(100);
      assertThat(taken.get()).isBetween(20, 60);
      partition.releaseAnswers();
      get(written);
    }
  }

  // ---- ends

  @Test
  void writesAndAnswersWhatItTookBeforeItFailsWithTheUpstream() {
    InMemoryPartition partition = oneOfOne();
    IllegalStateException failure = new IllegalStateException("upstream broke");
    List<Integer> answered = Collections.synchronizedList(new ArrayList<>());
    CompletionStage<Done> run =
        Source.range(0, 100)
            .map(
                number -> {
                  if (number == 100) {
                    throw failure;
                  }
                  return ProducerMessage.single(
                      ProducerRecord.<String, String>of(TOPIC, Integer.toString(number)), number);
                })
            .via(Producer.flow(producer()))
            .runForeach(result -> answered.add(result.passThrough()), system);
    assertThat(failureOf(run, IllegalStateException.class)).isSameAs(failure);
    assertThat(partition.values()).isEqualTo(numbers(0, 100));
    assertThat(answered).hasSize(100);
  }

  @Test
  void failsForGoodWhenTheLogSaysSo() {
    for (Fate fate : List.of(Fate.PRODUCER_FENCED, Fate.STORE_FAILED)) {
      log.createTopic(fate.name(), 1);
      log.partition(fate.name(), 0).fates = info -> fate;
      ProducerException failure =
          failureOf(
              Source.single(ProducerRecord.<String, String>of(fate.name(), "v"))
                  .runWith(Producer.plainSink(producer()), system),
              ProducerException.class);
      assertThat(failure.reason()).isEqualTo(Reason.valueOf(fate.name()));
      assertThat(failure.topic()).isEqualTo(fate.name());
      assertThat(failure.partition()).isZero();
      assertThat(log.partition(fate.name(), 0).appends).hasValue(1);
    }
  }

  @Test
  void failsAfterTheDeliveryTimeoutWhateverTheLogAnswers() {
    for (Fate fate : List.of(Fate.NO_SPACE, Fate.UNKNOWN_AND_LOST, Fate.NEVER_ANSWERED)) {
      log.createTopic(fate.name(), 1);
      log.partition(fate.name(), 0).fates = info -> fate;
      ProducerException failure =
          failureOf(
              Source.single(ProducerRecord.<String, String>of(fate.name(), "v"))
                  .runWith(
                      Producer.plainSink(producer().withDeliveryTimeout(Duration.ofMillis(150))),
                      system),
              ProducerException.class);
      assertThat(failure.reason()).isEqualTo(Reason.DELIVERY_TIMEOUT);
      // One batch, always the same.
      assertThat(new HashSet<>(log.partition(fate.name(), 0).baseSequences)).containsExactly(0);
    }
  }

  @Test
  void refusesWhatCannotBeWritten() {
    oneOfOne();
    assertThat(reasonOf(ProducerRecord.of("nothing", "v"))).isEqualTo(Reason.UNKNOWN_PARTITION);
    assertThat(reasonOf(ProducerRecord.<String, String>of(TOPIC, "v").withPartition(1)))
        .isEqualTo(Reason.UNKNOWN_PARTITION);
    assertThat(reasonOf(ProducerRecord.of(TOPIC, "x".repeat(2 << 20))))
        .isEqualTo(Reason.RECORD_TOO_LARGE);
    log.hasProducerIds = false;
    assertThat(reasonOf(ProducerRecord.of(TOPIC, "v"))).isEqualTo(Reason.NO_PRODUCER_ID);
  }

  private Reason reasonOf(ProducerRecord<String, String> record) {
    return failureOf(
            Source.single(record).runWith(Producer.plainSink(producer()), system),
            ProducerException.class)
        .reason();
  }

  @Test
  void failsWhenItsTopicIsDeleted() {
    oneOfOne();
    CompletionStage<Done> run =
        Source.fromIterator(() -> Stream.iterate(0, number -> number + 1).iterator())
            .map(number -> ProducerRecord.<String, String>of(TOPIC, Integer.toString(number)))
            .runWith(Producer.plainSink(producer()), system);
    pause(20);
    log.deleteTopic(TOPIC);
    assertThat(failureOf(run, ProducerException.class).reason())
        .isEqualTo(Reason.UNKNOWN_PARTITION);
  }

  @Test
  void aRecordLargerThanABatchGoesAlone() {
    InMemoryPartition partition = oneOfOne();
    String large = "x".repeat(5_000);
    get(
        Source.from(List.of("a", large, "b"))
            .map(value -> ProducerRecord.<String, String>of(TOPIC, value))
            .runWith(Producer.plainSink(producer().withBatchBytesMax(1_000)), system));
    assertThat(partition.values()).containsExactly("a", large, "b");
  }
}

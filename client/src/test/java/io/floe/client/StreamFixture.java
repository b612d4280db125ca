package io.floe.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/// An actor system and an in-memory log for each test. After each test nothing of the log may still
/// be held.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StreamFixture {
  static final String TOPIC = "orders";
  private static final long TIMEOUT_SECONDS = 20;

  ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "unused");
  InMemoryLog log = new InMemoryLog();

  @BeforeAll
  void startSystem() {
    system.terminate();
    system = ActorSystem.create(Behaviors.empty(), "client-test", ConfigFactory.load());
  }

  @AfterAll
  void stopSystem() {
    system.terminate();
  }

  @BeforeEach
  void freshLog() {
    log.close();
    log = new InMemoryLog();
  }

  @AfterEach
  void nothingIsHeld() {
    eventually(() -> log.openSlices.get() == 0 && log.openWaits.get() == 0);
    assertThat(log.slicesClosedTwice).hasValue(0);
  }

  ConsumerSettings<String, String> consumer() {
    return ConsumerSettings.create(system, log, Deserializer.string(), Deserializer.string())
        .withRetryBackoff(Duration.ofMillis(5))
        .withPartitionRefreshInterval(Duration.ofMillis(20));
  }

  ProducerSettings<String, String> producer() {
    return ProducerSettings.create(system, log, Serializer.string(), Serializer.string())
        .withRetryBackoff(Duration.ofMillis(2));
  }

  /// Reads `count` records and cancels.
  List<ConsumerRecord<String, String>> read(
      ConsumerSettings<String, String> settings, Subscription subscription, int count) {
    return get(
        Consumer.plainSource(settings, subscription).take(count).runWith(Sink.seq(), system));
  }

  static List<String> values(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(record -> String.valueOf(record.value())).toList();
  }

  static List<String> numbers(int from, int to) {
    return java.util.stream.IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  static <X extends Throwable> X failureOf(CompletionStage<?> stage, Class<X> type) {
    try {
      get(stage);
    } catch (CompletionException e) {
      assertThat(e.getCause()).isInstanceOf(type);
      return Objects.requireNonNull(type.cast(e.getCause()));
    }
    throw new AssertionError("did not fail");
  }

  static void eventually(BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError("did not come true within " + TIMEOUT_SECONDS + " s");
      }
      pause(1);
    }
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

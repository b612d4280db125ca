package io.floe.examples.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.function.Function;

/// Adds to a counter that survives restarts, with Floe's journal and nothing else of Floe.
///
/// Arguments: the data directory and how often to add one.
public final class PersistentCounter {
  private static final Duration ASK_TIMEOUT = Duration.ofSeconds(30);

  private PersistentCounter() {}

  /// Prints the sum after the additions.
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: PersistentCounter DIRECTORY ADDITIONS");
      System.exit(2);
    }
    System.out.println(run(Path.of(arguments[0]), Integer.parseInt(arguments[1])));
  }

  /// Starts an actor system, adds one `additions` times, stops it.
  ///
  /// @return the sum
  public static long run(Path directory, int additions)
      throws InterruptedException, ExecutionException, TimeoutException {
    ActorSystem<CounterBehavior.Command> system =
        ActorSystem.create(CounterBehavior.create("visits"), "counter", configuration(directory));
    try {
      for (int i = 0; i < additions; i++) {
        await(ask(system, replyTo -> new CounterBehavior.Add(1, replyTo)));
      }
      return await(ask(system, CounterBehavior.Get::new));
    } finally {
      system.terminate();
      await(system.getWhenTerminated());
    }
  }

  private static CompletionStage<Long> ask(
      ActorSystem<CounterBehavior.Command> system,
      Function<ActorRef<Long>, CounterBehavior.Command> command) {
    return AskPattern.ask(system, command, ASK_TIMEOUT, system.scheduler());
  }

  private static Config configuration(Path directory) {
    return ConfigFactory.parseString(
            """
            pekko.persistence.journal.plugin = "floe.journal"
            pekko.persistence.snapshot-store.plugin = "floe.snapshot-store"
            floe.journal.dir = "%1$s/journal"
            floe.snapshot-store.dir = "%1$s/snapshots"
            """
                .formatted(directory.toAbsolutePath()))
        .withFallback(ConfigFactory.load());
  }

  private static <T> T await(CompletionStage<T> stage)
      throws InterruptedException, ExecutionException, TimeoutException {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}

package io.floe.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.Status;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

@Timeout(120)
class FloeJournalTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  @Test
  void servesTwoSystemsInOneProcess() throws Exception {
    ActorSystem one = system("one");
    ActorSystem two = system("two");
    try {
      assertThat(add(one, "p", "a")).isEqualTo("a");
      assertThat(add(two, "p", "b")).isEqualTo("b");
      assertThat(add(one, "p", "c")).isEqualTo("ac");
    } finally {
      stop(one);
      stop(two);
    }
    ActorSystem again = system("one");
    try {
      assertThat(add(again, "p", "d")).isEqualTo("acd");
    } finally {
      stop(again);
    }
  }

  @Test
  void failsRecoveryWithTheReasonWhenTheDirectoryIsInUse() throws Exception {
    ActorSystem one = system("one");
    ActorSystem other = system("one");
    try {
      assertThat(add(one, "p", "a")).isEqualTo("a");
      assertThatThrownBy(() -> add(other, "p", "b")).hasMessageContaining("is in use by another");
    } finally {
      stop(one);
      stop(other);
    }
  }

  @Test
  void saysWhichKeyIsMissing() throws Exception {
    ActorSystem system =
        ActorSystem.create(
            "test",
            ConfigFactory.parseString("floe.journal.dir = \"\"")
                .withFallback(TestConfig.of(directory)));
    try {
      assertThatThrownBy(() -> add(system, "p", "b"))
          .hasMessageContaining("floe.journal.dir is not set");
    } finally {
      stop(system);
    }
  }

  @Test
  void rejectsAnEventThatIsTooLargeAndGoesOn() throws Exception {
    ActorSystem system = system("one");
    try {
      assertThat(add(system, "p", "a")).isEqualTo("a");
      String large = "x".repeat(600 * 1024);
      assertThatThrownBy(() -> add(system, "p", large)).hasMessageContaining("write-bytes-max is");
      assertThat(add(system, "p", "b")).isEqualTo("ab");
    } finally {
      stop(system);
    }
  }

  @Test
  void replaysEverythingAfterARestart() throws Exception {
    StringBuilder expected = new StringBuilder();
    for (int life = 0; life < 3; life++) {
      ActorSystem system = system("one");
      try {
        for (int i = 0; i < 20; i++) {
          expected.append((char) ('a' + i));
          assertThat(add(system, "p", String.valueOf((char) ('a' + i))))
              .isEqualTo(expected.toString());
        }
      } finally {
        stop(system);
      }
    }
  }

  private ActorSystem system(String name) {
    return ActorSystem.create("test", TestConfig.of(directory.resolve(name)));
  }

  private static void stop(ActorSystem system) throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  /// Starts the actor, adds to its text, stops it; the answer is the whole text.
  private static String add(ActorSystem system, String id, String text) throws Exception {
    ActorRef guard = system.actorOf(Props.create(Guard.class, () -> new Guard(id)));
    CompletionStage<Object> reply = Patterns.ask(guard, text, TIMEOUT);
    return (String) reply.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  /// Runs one actor and tells why it failed, if it did.
  private static final class Guard extends AbstractActor {
    private final String id;

    Guard(String id) {
      this.id = id;
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(
              String.class,
              text -> {
                // Taken now: the child is made later, on another thread, where getSender() is not
                // the asker and whoever asked would wait for ever.
                ActorRef asker = getSender();
                getContext().actorOf(Props.create(Text.class, () -> new Text(id, text, asker)));
              })
          .build();
    }
  }

  private static final class Text extends AbstractPersistentActor {
    private final String id;
    private final String addition;
    private final ActorRef replyTo;
    private final StringBuilder text = new StringBuilder();

    Text(String id, String addition, ActorRef replyTo) {
      this.id = id;
      this.addition = addition;
      this.replyTo = replyTo;
    }

    @Override
    public String persistenceId() {
      return id;
    }

    @Override
    public Receive createReceiveRecover() {
      return receiveBuilder()
          .match(String.class, text::append)
          .match(RecoveryCompleted.class, ignored -> getSelf().tell(addition, getSelf()))
          .build();
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(
              String.class,
              event ->
                  persist(
                      event,
                      stored -> {
                        text.append(stored);
                        replyTo.tell(text.toString(), getSelf());
                        getContext().stop(getSelf());
                      }))
          .build();
    }

    @Override
    public void onPersistRejected(Throwable cause, Object event, long sequence) {
      replyTo.tell(new Status.Failure(cause), getSelf());
      getContext().stop(getSelf());
    }

    @Override
    public void onRecoveryFailure(Throwable cause, Option<Object> event) {
      replyTo.tell(new Status.Failure(cause), getSelf());
    }
  }
}

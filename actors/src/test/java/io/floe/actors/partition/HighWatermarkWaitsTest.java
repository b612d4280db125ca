package io.floe.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HighWatermarkWaitsTest {
  private final HighWatermarkWaits waits = new HighWatermarkWaits();
  private final List<String> woken = new ArrayList<>();

  @Test
  void wakesOnceWhoWaitsBelowTheHighWatermark() {
    waits.add(10, () -> woken.add("ten"));
    waits.add(20, () -> woken.add("twenty"));
    waits.passed(10);
    assertThat(woken).isEmpty();
    waits.passed(11);
    waits.passed(12);
    assertThat(woken).containsExactly("ten");
    waits.passed(21);
    assertThat(woken).containsExactly("ten", "twenty");
  }

  @Test
  void wakesAllWhateverTheyWaitFor() {
    waits.add(Long.MAX_VALUE - 1, () -> woken.add("far"));
    waits.wakeAll();
    assertThat(woken).containsExactly("far");
  }

  @Test
  void wakesNobodyWhoGaveUp() {
    HighWatermarkWaits.Waiting wait = waits.add(1, () -> woken.add("gave up"));
    wait.close();
    wait.close();
    waits.passed(5);
    assertThat(woken).isEmpty();
    assertThat(wait.remove()).isFalse();
  }

  @Test
  void letsTheWokenWaitAgain() {
    waits.add(
        1,
        () -> {
          woken.add("first");
          waits.add(5, () -> woken.add("second"));
        });
    waits.passed(3);
    assertThat(woken).containsExactly("first");
    waits.passed(6);
    assertThat(woken).containsExactly("first", "second");
  }

  @Test
  void wakesTheOthersWhenOneFails() {
    waits.add(
        1,
        () -> {
          throw new IllegalStateException("for the test");
        });
    waits.add(1, () -> woken.add("other"));
    waits.passed(3);
    assertThat(woken).containsExactly("other");
  }

  /// Waiters that look at the high watermark after they registered, against a writer that sets it
  /// before it wakes: nobody is left behind, and nobody is woken twice.
  @Test
  void losesNoWakeBetweenWaitersAndWriter() throws Exception {
    AtomicLong highWatermark = new AtomicLong();
    int rounds = 20_000;
    List<Thread> waiters = new ArrayList<>();
    for (int t = 0; t < 2; t++) {
      waiters.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (long offset = highWatermark.get();
                        offset < rounds;
                        offset = highWatermark.get()) {
                      AtomicInteger wakes = new AtomicInteger();
                      HighWatermarkWaits.Waiting wait = waits.add(offset, wakes::incrementAndGet);
                      if (highWatermark.get() > offset && wait.remove()) {
                        wakes.incrementAndGet();
                      }
                      while (wakes.get() == 0) {
                        Thread.onSpinWait();
                      }
                      assertThat(wakes).hasValue(1);
                    }
                  }));
    }
    for (int i = 1; i <= rounds; i++) {
      highWatermark.set(i);
      waits.passed(i);
    }
    for (Thread waiter : waiters) {
      waiter.join(20_000);
      assertThat(waiter.isAlive()).as("a wake was lost").isFalse();
    }
  }
}

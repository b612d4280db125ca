package io.floe.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/// The control of a stage that ends at once when it is told to.
///
/// Thread-safety: any thread; the stage completes it from its own.
final class StageControl implements Consumer.Control {
  private final CompletableFuture<Done> stopped = new CompletableFuture<>();
  private final CompletableFuture<Done> shutdown = new CompletableFuture<>();
  private final Runnable end;

  /// @param end tells the stage to end; may be called often and after the end
  StageControl(Runnable end) {
    this.end = end;
  }

  @Override
  public CompletionStage<Done> stop() {
    end.run();
    return stopped.minimalCompletionStage();
  }

  @Override
  public CompletionStage<Done> shutdown() {
    end.run();
    return isShutdown();
  }

  @Override
  public <S extends @Nullable Object> CompletionStage<S> drainAndShutdown(
      CompletionStage<S> streamCompletion, Executor executor) {
    return Consumer.drain(this, streamCompletion, executor);
  }

  @Override
  public CompletionStage<Done> isShutdown() {
    return shutdown.minimalCompletionStage();
  }

  /// The stage has ended.
  ///
  /// @param lastUse completes when nothing of the stage uses the node any more
  void ended(CompletionStage<Void> lastUse) {
    stopped.complete(Done.getInstance());
    lastUse.whenComplete((nothing, failure) -> shutdown.complete(Done.getInstance()));
  }
}

package io.floe.actors.node;

import io.floe.actors.log.MetadataReply;
import io.floe.actors.metadata.MetadataProtocol.Outcome;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataEvent;
import io.floe.model.NodeId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Hands out producer ids from blocks that the metadata log reserved for this node. A block that a
/// stop leaves half used is never used again.
///
/// Thread-safety: any thread.
final class ProducerIds {
  /// Ids in a block: one metadata entry for a thousand producers.
  private static final int BLOCK = 1_000;

  private final NodeId node;
  private final Function<MetadataCommand, CompletionStage<Outcome>> propose;
  private final Deque<CompletableFuture<Long>> waiting = new ArrayDeque<>();
  private long next;
  private long end;
  private boolean isAsking;

  ProducerIds(NodeId node, Function<MetadataCommand, CompletionStage<Outcome>> propose) {
    this.node = node;
    this.propose = propose;
  }

  CompletionStage<Long> next() {
    CompletableFuture<Long> id = new CompletableFuture<>();
    boolean ask = false;
    long value = -1;
    synchronized (this) {
      if (next < end) {
        value = next++;
      } else {
        waiting.add(id);
        ask = !isAsking;
        isAsking = true;
      }
    }
    if (value >= 0) {
      id.complete(value);
    }
    if (ask) {
      askForBlock();
    }
    return id;
  }

  private void askForBlock() {
    propose
        .apply(new MetadataCommand.AllocateProducerIds(node, BLOCK))
        .whenComplete(this::blockAnswered);
  }

  private void blockAnswered(@Nullable Outcome outcome, @Nullable Throwable failure) {
    if (outcome != null
        && !outcome.events().isEmpty()
        && outcome.events().getFirst() instanceof MetadataEvent.ProducerIdsAllocated allocated) {
      serve(allocated.firstId(), allocated.firstId() + allocated.count());
    } else {
      fail(failure != null ? failure : new IllegalStateException(refusal(outcome)));
    }
  }

  private static String refusal(@Nullable Outcome outcome) {
    return outcome != null && outcome.reply() instanceof MetadataReply.Refused refused
        ? refused.refusal().message()
        : "no producer ids were allocated";
  }

  private void serve(long from, long to) {
    Deque<Runnable> completions = new ArrayDeque<>();
    boolean ask;
    synchronized (this) {
      next = from;
      end = to;
      while (next < end && !waiting.isEmpty()) {
        CompletableFuture<Long> first = waiting.poll();
        long value = next++;
        completions.add(() -> first.complete(value));
      }
      ask = !waiting.isEmpty();
      isAsking = ask;
    }
    completions.forEach(Runnable::run);
    if (ask) {
      askForBlock();
    }
  }

  private void fail(Throwable cause) {
    Deque<CompletableFuture<Long>> failed;
    synchronized (this) {
      failed = new ArrayDeque<>(waiting);
      waiting.clear();
      isAsking = false;
    }
    failed.forEach(each -> each.completeExceptionally(cause));
  }
}

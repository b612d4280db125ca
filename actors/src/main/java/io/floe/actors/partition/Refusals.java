package io.floe.actors.partition;

import io.floe.actors.log.AppendResult;
import io.floe.consensus.replication.core.AppendRefusal;
import io.floe.model.PartitionId;

/// The core's refusals in the words of the log's users.
final class Refusals {
  private Refusals() {}

  static AppendResult.Refused of(
      PartitionId partition, PartitionCommand.Append append, AppendRefusal reason) {
    return switch (reason) {
      case OUT_OF_ORDER_SEQUENCE ->
          refused(
              AppendResult.Reason.OUT_OF_ORDER_SEQUENCE,
              partition,
              "sequence "
                  + append.info().baseSequence()
                  + " of producer "
                  + append.info().producerId()
                  + " does not follow its last one");
      case PRODUCER_FENCED ->
          refused(
              AppendResult.Reason.PRODUCER_FENCED,
              partition,
              "epoch "
                  + append.info().producerEpoch()
                  + " of producer "
                  + append.info().producerId()
                  + " is older than its newest one");
      case NOT_WRITER ->
          refused(AppendResult.Reason.NOT_WRITER, partition, "this node does not write it now");
      case UNKNOWN_PARTITION ->
          refused(AppendResult.Reason.UNKNOWN_PARTITION, partition, "it was deleted");
      case OVERLOADED ->
          refused(AppendResult.Reason.OVERLOADED, partition, "too many appends are in flight");
      case NO_SPACE ->
          append.isOverload()
              ? refused(AppendResult.Reason.OVERLOADED, partition, "too many appends are in flight")
              : refused(
                  AppendResult.Reason.NO_SPACE, partition, "the disk is full; nothing was written");
      case STORE_FAILED ->
          refused(
              AppendResult.Reason.STORE_FAILED,
              partition,
              "the store failed and takes nothing until the node is restarted");
    };
  }

  private static AppendResult.Refused refused(
      AppendResult.Reason reason, PartitionId partition, String what) {
    return new AppendResult.Refused(reason, "partition " + partition + ": " + what);
  }
}

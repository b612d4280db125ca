package io.floe.gateway.tool;

/// Where a produced record went.
///
/// @param offset -1 when nobody was asked to acknowledge ([ProduceOptions.Acks#NONE])
public record Position(int partition, long offset) {}

package io.floe.actors.log;

/// What became of a [ClusterChange].
///
/// @param message for the person who asked, in either case
public record ClusterReply(boolean isDone, String message) {}

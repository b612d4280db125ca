/// A node's part in the group that keeps the metadata: the Raft core's shell, and its log as an
/// event-sourced actor.
@NullMarked
package io.floe.actors.metadata;

import org.jspecify.annotations.NullMarked;

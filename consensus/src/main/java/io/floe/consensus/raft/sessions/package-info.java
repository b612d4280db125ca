/// Commands that take effect once however often they are sent: a replicated table of client
/// sessions around a state machine. Pure.
///
/// Source: Raft thesis §6.3.
@NullMarked
package io.floe.consensus.raft.sessions;

import org.jspecify.annotations.NullMarked;

/// The Raft core of the metadata group: pure, without Pekko, I/O, clock or thread. A host feeds
/// [io.floe.consensus.raft.core.RaftEvent]s to a [io.floe.consensus.raft.core.RaftCore] and carries
/// out the [io.floe.consensus.raft.core.RaftEffect]s in their order.
///
/// Source: Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm* ("Raft
/// paper"); Ongaro, *Consensus: Bridging Theory and Practice* ("Raft thesis");
/// `docs/internals/raft.md`.
@NullMarked
package io.floe.consensus.raft.core;

import org.jspecify.annotations.NullMarked;

/// The Raft core under a seeded scheduler: network, disks, clocks, clients and operators that fail,
/// and the checkers that judge what the group did.
@NullMarked
package io.floe.simulation.raft;

import org.jspecify.annotations.NullMarked;

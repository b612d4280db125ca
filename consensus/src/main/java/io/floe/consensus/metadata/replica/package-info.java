/// The metadata as every member of the Raft group has it. Pure.
@NullMarked
package io.floe.consensus.metadata.replica;

import org.jspecify.annotations.NullMarked;

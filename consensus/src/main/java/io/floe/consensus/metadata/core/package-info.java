/// The metadata state machine: topics, partitions, segment chains, nodes, epochs and producer id
/// blocks. Pure: no Pekko, I/O, clock or thread.
@NullMarked
package io.floe.consensus.metadata.core;

import org.jspecify.annotations.NullMarked;

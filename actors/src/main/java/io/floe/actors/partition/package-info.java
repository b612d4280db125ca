/// Partitions as this node serves them: the router of each partition, the writer actor of each open
/// segment, the read side.
@NullMarked
package io.floe.actors.partition;

import org.jspecify.annotations.NullMarked;

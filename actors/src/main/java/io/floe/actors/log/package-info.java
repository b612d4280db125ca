/// What a node offers to the edges in its own process: append, read, metadata.
@NullMarked
package io.floe.actors.log;

import org.jspecify.annotations.NullMarked;

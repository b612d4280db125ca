/// A whole node in one process: start, identity, life cycle.
@NullMarked
package io.floe.actors.node;

import org.jspecify.annotations.NullMarked;

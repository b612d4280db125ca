/// What every protocol core shares. Pure: no Pekko, I/O, clock or thread.
@NullMarked
package io.floe.consensus;

import org.jspecify.annotations.NullMarked;

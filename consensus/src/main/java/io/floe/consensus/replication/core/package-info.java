/// The data plane's protocol: how one writer appends to a segment and hands over to the next. Pure:
/// no Pekko, I/O, clock or thread.
@NullMarked
package io.floe.consensus.replication.core;

import org.jspecify.annotations.NullMarked;

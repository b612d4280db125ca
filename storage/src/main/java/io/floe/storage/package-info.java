/// The segment store: one data directory, its segments, its tail journal and its recovery.
@NullMarked
package io.floe.storage;

import org.jspecify.annotations.NullMarked;

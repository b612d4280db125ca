/// Durable appends: Floe's store, a bare ring and RocksDB under the same writers.
@NullMarked
package io.floe.bench.engine;

import org.jspecify.annotations.NullMarked;

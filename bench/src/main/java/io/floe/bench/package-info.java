/// Benchmarks against the raw limit and the peers: the `floe bench` commands.
@NullMarked
package io.floe.bench;

import org.jspecify.annotations.NullMarked;

/// Whole nodes, Floe and Kafka, as processes under the same clients.
@NullMarked
package io.floe.bench.node;

import org.jspecify.annotations.NullMarked;

/// The disk beside the benchmark: scratch directories and the flush probe.
@NullMarked
package io.floe.bench.disk;

import org.jspecify.annotations.NullMarked;

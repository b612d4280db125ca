/// What a benchmark run found: series, ratios, targets, the machine; as a table and as JSON.
@NullMarked
package io.floe.bench.report;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.floe.bench.report;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.floe.bench.engine;

import org.jspecify.annotations.NullMarked;

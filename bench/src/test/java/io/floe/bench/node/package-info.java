@NullMarked
package io.floe.bench.node;

import org.jspecify.annotations.NullMarked;

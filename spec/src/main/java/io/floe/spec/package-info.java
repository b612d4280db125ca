/// TLC over the specifications in `src/main/tla`: model checking, planted bugs, traces.
@NullMarked
package io.floe.spec;

import org.jspecify.annotations.NullMarked;

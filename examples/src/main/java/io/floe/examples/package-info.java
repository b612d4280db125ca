/// Programs that use Floe as a library. The parts between `snippet` marks are shown in the docs.
@NullMarked
package io.floe.examples;

import org.jspecify.annotations.NullMarked;

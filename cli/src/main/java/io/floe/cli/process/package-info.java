/// Nodes as child processes: what the demo and the tests with real processes stand on.
@NullMarked
package io.floe.cli.process;

import org.jspecify.annotations.NullMarked;

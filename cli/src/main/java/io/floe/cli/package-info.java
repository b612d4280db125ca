/// The `floe` command: it assembles a node and holds the tools that talk to one.
@NullMarked
package io.floe.cli;

import org.jspecify.annotations.NullMarked;

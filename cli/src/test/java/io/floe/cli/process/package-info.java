@NullMarked
package io.floe.cli.process;

import org.jspecify.annotations.NullMarked;

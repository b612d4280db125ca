@NullMarked
package io.floe.cli;

import org.jspecify.annotations.NullMarked;

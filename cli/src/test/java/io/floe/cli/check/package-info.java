@NullMarked
package io.floe.cli.check;

import org.jspecify.annotations.NullMarked;

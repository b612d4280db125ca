@NullMarked
package io.floe.actors.partition;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.floe.actors.node;

import org.jspecify.annotations.NullMarked;

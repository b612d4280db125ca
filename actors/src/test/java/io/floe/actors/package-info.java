@NullMarked
package io.floe.actors;

import org.jspecify.annotations.NullMarked;

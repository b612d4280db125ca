@NullMarked
package io.floe.actors.metadata;

import org.jspecify.annotations.NullMarked;

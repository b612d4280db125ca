/// Floe's journal under a Pekko application.
@NullMarked
package io.floe.examples.journal;

import org.jspecify.annotations.NullMarked;

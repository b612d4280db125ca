/// Runs the journal examples.
@NullMarked
package io.floe.examples.journal;

import org.jspecify.annotations.NullMarked;

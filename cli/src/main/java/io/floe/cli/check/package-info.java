/// Histories of what was sent, acknowledged and read, and what is wrong with them.
@NullMarked
package io.floe.cli.check;

import org.jspecify.annotations.NullMarked;

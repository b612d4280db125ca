/// The metadata log as an event-sourced actor around the pure metadata state machine.
@NullMarked
package io.floe.actors.metadata;

import org.jspecify.annotations.NullMarked;

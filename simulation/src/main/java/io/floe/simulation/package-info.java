/// The second shell of the protocol cores: a seeded simulator with faults, and the checkers that
/// judge what it did.
@NullMarked
package io.floe.simulation;

import org.jspecify.annotations.NullMarked;

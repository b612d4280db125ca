/// Tests with real processes: nodes started by the packaged launcher, real clients, real faults.
@NullMarked
package io.floe.multijvm;

import org.jspecify.annotations.NullMarked;

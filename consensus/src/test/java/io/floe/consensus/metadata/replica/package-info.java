@NullMarked
package io.floe.consensus.metadata.replica;

import org.jspecify.annotations.NullMarked;

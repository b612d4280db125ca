/// Tests of the store.
@NullMarked
package io.floe.storage;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.floe.storage.io.uring;

import org.jspecify.annotations.NullMarked;

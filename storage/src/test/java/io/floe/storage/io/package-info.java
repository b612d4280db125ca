@NullMarked
package io.floe.storage.io;

import org.jspecify.annotations.NullMarked;

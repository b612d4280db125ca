@NullMarked
package io.floe.storage.io.faulty;

import org.jspecify.annotations.NullMarked;

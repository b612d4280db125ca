@NullMarked
package io.floe.storage.io.channel;

import org.jspecify.annotations.NullMarked;

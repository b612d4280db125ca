/// [io.floe.storage.io.StorageIo] on the JDK's file channels.
@NullMarked
package io.floe.storage.io.channel;

import org.jspecify.annotations.NullMarked;

/// The one door to the disk: [io.floe.storage.io.StorageIo] and its implementations.
@NullMarked
package io.floe.storage.io;

import org.jspecify.annotations.NullMarked;

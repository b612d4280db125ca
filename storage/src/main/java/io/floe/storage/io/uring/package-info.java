/// [io.floe.storage.io.StorageIo] on io_uring. The only package that calls native functions: every
/// method handle, memory layout and `reinterpret` of Floe is in here.
@NullMarked
package io.floe.storage.io.uring;

import org.jspecify.annotations.NullMarked;

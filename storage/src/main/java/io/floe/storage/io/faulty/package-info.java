/// A [io.floe.storage.io.StorageIo] that fails on demand, for tests of everything that stands on a
/// disk. It is main code because the tests of other modules use it; no node does unless told to.
@NullMarked
package io.floe.storage.io.faulty;

import org.jspecify.annotations.NullMarked;

package io.floe.storage.io.faulty;

import java.nio.file.Path;

/// A write that no sync covered when the power went.
///
/// @param path the file's name when the power went
/// @param wasReaped whether the caller had seen its completion
public record UnsyncedWrite(
    Path path, long operation, long position, int sizeBytes, boolean wasReaped) {}

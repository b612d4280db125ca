package io.floe.model.batch;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A key and an optional value beside a record's payload.
///
/// Ownership: a header that a [RecordCursor] gave shares the batch's memory.
public record RecordHeader(String key, @Nullable ByteBuffer value) {}

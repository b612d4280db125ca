/// A log of framed entries on block-aligned, recycled files: what the Pekko journal is built on.
///
/// It knows nothing of record batches: an entry is any bytes, its identity a sequence number.
@NullMarked
package io.floe.storage.log;

import org.jspecify.annotations.NullMarked;

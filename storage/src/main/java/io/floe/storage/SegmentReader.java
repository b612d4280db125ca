package io.floe.storage;

import io.floe.model.SegmentId;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.ChainDigest;
import io.floe.model.batch.InvalidBatchException;
import io.floe.model.batch.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The read side: finds batches by the sparse index and a short walk over headers, hands out slices
/// from memory or from the file.
///
/// Thread-safety: any thread.
final class SegmentReader implements SegmentReads {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentReader.class);

  /// Footers kept in memory: at 16 KiB per entry and 64 MiB per segment, 128 KiB each.
  private static final int FOOTERS_MAX = 256;

  /// Records of one batch decompress to at most this, else the look-up by time fails.
  private static final int DECOMPRESSED_BYTES_MAX = 512 << 20;

  private final StoreLayout layout;
  private final Function<SegmentId, @Nullable StoredSegment> segments;
  private final int channelsMax;
  private final int indexIntervalBytes;
  private final Map<SegmentId, StoredSegment> loaded = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<SegmentId, StoredSegment> withChannel = new LinkedHashMap<>(16, 0.75f, true);

  SegmentReader(
      StoreLayout layout,
      Function<SegmentId, @Nullable StoredSegment> segments,
      int channelsMax,
      int indexIntervalBytes) {
    this.layout = layout;
    this.segments = segments;
    this.channelsMax = channelsMax;
    this.indexIntervalBytes = indexIntervalBytes;
  }

  /// Something done with a pinned segment.
  @FunctionalInterface
  private interface Use<T extends @Nullable Object> {
    T with(StoredSegment segment, StoredSegment.View view, SparseIndex index)
        throws IOException, StoreException;
  }

  private <T extends @Nullable Object> T use(SegmentId id, Use<T> use) throws StoreException {
    StoredSegment segment = segments.apply(id);
    if (segment == null || !segment.pin()) {
      throw new StoreException(
          StoreException.Category.IO,
          "segment " + id + " is not in the store " + layout.directory());
    }
    try {
      StoredSegment.View view = load(segment);
      SparseIndex index = view.index();
      return use.with(segment, view, index == null ? new SparseIndex() : index);
    } catch (IOException e) {
      throw new StoreException(
          StoreException.Category.IO, "read of " + segment.path + " failed: " + e.getMessage(), e);
    } finally {
      segment.unpin();
      trimChannels(segment);
    }
  }

  private void trimChannels(StoredSegment segment) {
    synchronized (withChannel) {
      if (segment.hasChannel()) {
        withChannel.put(segment.id, segment);
      }
      var eldest = withChannel.values().iterator();
      while (withChannel.size() > channelsMax && eldest.hasNext()) {
        if (eldest.next().closeIfIdle()) {
          eldest.remove();
        }
      }
    }
  }

  /// Closes every file that nobody reads.
  void close() {
    synchronized (withChannel) {
      withChannel.values().removeIf(StoredSegment::closeIfIdle);
    }
  }

  /// The footer of a sealed segment, made again from its data when it is missing or wrong.
  private StoredSegment.View load(StoredSegment segment) throws IOException, StoreException {
    StoredSegment.View view = segment.view();
    if (view.index() != null || !segment.isSealed()) {
      return view;
    }
    SegmentFooter footer = footer(segment);
    segment.show(
        footer.spec().baseOffset(), footer.endOffset(), footer.sizeBytes(), footer.index());
    synchronized (loaded) {
      loaded.put(segment.id, segment);
      if (loaded.size() > FOOTERS_MAX) {
        var eldest = loaded.values().iterator();
        eldest.next().unload();
        eldest.remove();
      }
    }
    return new StoredSegment.View(
        footer.spec().baseOffset(),
        footer.endOffset(),
        footer.sizeBytes(),
        footer.index(),
        view.damaged());
  }

  private SegmentFooter footer(StoredSegment segment) throws IOException, StoreException {
    try {
      SegmentFooter footer =
          SegmentFooter.decode(
              Files.readAllBytes(layout.footer(segment.id)), layout.footer(segment.id));
      if (Files.size(segment.path) >= footer.sizeBytes()) {
        return footer;
      }
      throw new StoreException(
          StoreException.Category.DAMAGED,
          segment.path
              + " has "
              + Files.size(segment.path)
              + " bytes, its footer says "
              + footer.sizeBytes());
    } catch (StoreException e) {
      if (e.category() == StoreException.Category.WRONG_IDENTITY) {
        throw e;
      }
      return rebuilt(segment, String.valueOf(e.getMessage()));
    } catch (NoSuchFileException e) {
      return rebuilt(segment, e.getMessage() + " is missing");
    }
  }

  private SegmentFooter rebuilt(StoredSegment segment, String cause)
      throws IOException, StoreException {
    LOG.atWarn()
        .addKeyValue("segment", segment.id)
        .addKeyValue("cause", cause)
        .log("footer cannot be used: index made again from the data");
    return SegmentInspection.rebuild(segment.id, segment.path, indexIntervalBytes);
  }

  @Override
  public LogSlice read(SegmentId id, long offset, long endOffset, int maxBytes)
      throws StoreException {
    return use(
        id,
        (segment, view, index) -> {
          try {
            return read(segment, view, index, offset, endOffset, maxBytes);
          } catch (StoreException e) {
            throw withWayOn(e, view, index, offset);
          }
        });
  }

  /// Damage that was met on the way, not marked: the index knows the next place that is a batch.
  private static StoreException withWayOn(
      StoreException e, StoredSegment.View view, SparseIndex index, long offset) {
    if (e.category() != StoreException.Category.DAMAGED || e.readableFrom().isPresent()) {
      return e;
    }
    int next = index.size() == 0 ? 0 : index.floorByOffset(offset).number() + 1;
    return e.readableFrom(
        next < index.size()
            ? Math.min(index.get(next).offset(), view.endOffset())
            : view.endOffset());
  }

  private LogSlice read(
      StoredSegment segment,
      StoredSegment.View view,
      SparseIndex index,
      long offset,
      long endOffset,
      int maxBytes)
      throws IOException, StoreException {
    if (offset < view.baseOffset()) {
      throw new IllegalArgumentException(
          "offset is " + offset + ", segment " + segment.id + " begins at " + view.baseOffset());
    }
    long end = Math.min(endOffset, view.endOffset());
    if (offset >= end) {
      return new MemorySlice(List.of(), 0, 0, offset);
    }
    for (OffsetRange range : view.damaged()) {
      if (range.contains(offset)) {
        throw damaged(segment, range);
      }
      if (range.from() > offset) {
        end = Math.min(end, range.from());
      }
    }
    HeaderWalk walk = new HeaderWalk(segment, index.floorByOffset(offset), view.endPosition());
    while (walk.look() && walk.nextOffset() <= offset) {
      walk.step();
    }
    long start = walk.position();
    long limit = Math.min(view.endPosition(), start + Math.max(0, maxBytes));
    if (end == view.endOffset() && limit == view.endPosition()) {
      return slice(segment, start, view.endPosition(), end);
    }
    walk.step();
    SparseIndex.Entry near = index.floorByPosition(limit);
    if (near.offset() > end) {
      near = index.floorByOffset(end);
    }
    if (near.position() > walk.position()) {
      walk = new HeaderWalk(segment, near, view.endPosition());
    }
    walkTo(walk, end, limit);
    return slice(segment, start, walk.position(), walk.offset());
  }

  private static void walkTo(HeaderWalk walk, long end, long limit)
      throws IOException, StoreException {
    try {
      while (walk.offset() < end
          && walk.look()
          && walk.nextOffset() <= end
          && walk.position() + walk.sizeBytes() <= limit) {
        walk.step();
      }
    } catch (StoreException e) {
      if (e.category() != StoreException.Category.DAMAGED) {
        throw e;
      }
      // What lies before is good; the read that begins here will tell.
      LOG.atWarn().addKeyValue("offset", walk.offset()).log("read ends early: {}", e.getMessage());
    }
  }

  private static StoreException damaged(StoredSegment segment, OffsetRange range) {
    return new StoreException(
            StoreException.Category.DAMAGED,
            "offsets ["
                + range.from()
                + ", "
                + range.to()
                + ") of "
                + segment.path
                + " are damaged")
        .readableFrom(range.to());
  }

  private static LogSlice slice(StoredSegment segment, long from, long to, long nextOffset) {
    List<TailChunk> pinned = segment.cache.pin(from, to);
    int sizeBytes = Math.toIntExact(to - from);
    if (pinned != null) {
      return new MemorySlice(pinned, from, sizeBytes, nextOffset);
    }
    segment.pinAgain();
    return new FileSlice(segment, from, sizeBytes, nextOffset);
  }

  @Override
  public @Nullable Found firstAtOrAfter(SegmentId id, long timestamp, long endOffset)
      throws StoreException {
    return this.<@Nullable Found>use(
        id,
        (segment, view, index) -> {
          if (index.size() == 0) {
            return null;
          }
          int first = Math.max(0, index.firstAfterTimestamp(timestamp) - 1);
          return search(segment, view, index, first, timestamp, endOffset);
        });
  }

  private static @Nullable Found search(
      StoredSegment segment,
      StoredSegment.View view,
      SparseIndex index,
      int first,
      long timestamp,
      long endOffset)
      throws IOException, StoreException {
    long end = Math.min(endOffset, view.endOffset());
    HeaderWalk walk = new HeaderWalk(segment, index.get(first), view.endPosition());
    try {
      return search(segment, view, walk, timestamp, end);
    } catch (StoreException e) {
      throw withWayOn(e, view, index, walk.offset());
    }
  }

  private static @Nullable Found search(
      StoredSegment segment, StoredSegment.View view, HeaderWalk walk, long timestamp, long end)
      throws IOException, StoreException {
    while (walk.offset() < end) {
      refuseDamaged(segment, view, walk.offset());
      if (!walk.look()) {
        return null;
      }
      if (walk.batchMaxTimestamp() >= timestamp) {
        Found found = firstRecord(segment, walk, timestamp);
        if (found != null) {
          return found.offset() < end ? found : null;
        }
      }
      walk.step();
    }
    return null;
  }

  private static void refuseDamaged(StoredSegment segment, StoredSegment.View view, long offset)
      throws StoreException {
    for (OffsetRange range : view.damaged()) {
      if (range.contains(offset)) {
        throw damaged(segment, range);
      }
    }
  }

  private static @Nullable Found firstRecord(StoredSegment segment, HeaderWalk walk, long timestamp)
      throws IOException, StoreException {
    long to = walk.position() + walk.sizeBytes();
    try (LogSlice slice = slice(segment, walk.position(), to, walk.nextOffset())) {
      ByteBuffer batch = slice.asBuffer();
      RecordCursor cursor = new BatchReader(DECOMPRESSED_BYTES_MAX).open(batch, batch.position());
      while (cursor.next()) {
        if (cursor.timestamp() >= timestamp) {
          return new Found(cursor.offset(), cursor.timestamp());
        }
      }
      return null;
    } catch (InvalidBatchException e) {
      throw new StoreException(
          StoreException.Category.DAMAGED,
          "batch of offset " + walk.offset() + " in " + segment.path + ": " + e.getMessage(),
          e);
    }
  }

  @Override
  public @Nullable Found maxTimestamp(SegmentId id, long endOffset) throws StoreException {
    return this.<@Nullable Found>use(
        id,
        (segment, view, index) -> {
          long end = Math.min(endOffset, view.endOffset());
          if (index.size() == 0 || end <= view.baseOffset()) {
            return null;
          }
          HeaderWalk walk =
              new HeaderWalk(segment, index.floorByOffset(end - 1), view.endPosition());
          while (walk.offset() < end) {
            refuseDamaged(segment, view, walk.offset());
            if (!walk.look()) {
              break;
            }
            walk.step();
          }
          long largest = walk.maxTimestamp();
          if (largest == SparseIndex.NO_TIMESTAMP) {
            return null;
          }
          int first = Math.max(0, index.firstAfterTimestamp(largest) - 1);
          return search(segment, view, index, first, largest, end);
        });
  }

  @Override
  public long bytesBetween(SegmentId id, long fromOffset, long toOffset) throws StoreException {
    return use(
        id,
        (segment, view, index) ->
            Math.max(
                0,
                position(segment, view, index, toOffset)
                    - position(segment, view, index, fromOffset)));
  }

  private static long position(
      StoredSegment segment, StoredSegment.View view, SparseIndex index, long offset)
      throws IOException, StoreException {
    if (offset >= view.endOffset()) {
      return view.endPosition();
    }
    if (offset <= view.baseOffset() || index.size() == 0) {
      return 0;
    }
    SparseIndex.Entry entry = index.floorByOffset(offset);
    if (segment.cache.chunkAt(entry.position()) == null) {
      return entry.position();
    }
    HeaderWalk walk = new HeaderWalk(segment, entry, view.endPosition());
    while (walk.offset() < offset && walk.look() && walk.nextOffset() <= offset) {
      walk.step();
    }
    return walk.position();
  }

  /// What a footer needs to know of everything below an offset.
  record Ending(long position, long digest, long maxTimestamp) {}

  /// Where a batch boundary lies.
  Ending ending(SegmentId id, long endOffset) throws StoreException {
    return use(
        id,
        (segment, view, index) -> {
          if (endOffset == view.baseOffset() || index.size() == 0) {
            return new Ending(0, ChainDigest.start(id.value()), SparseIndex.NO_TIMESTAMP);
          }
          HeaderWalk walk =
              new HeaderWalk(segment, index.floorByOffset(endOffset - 1), view.endPosition());
          while (walk.offset() < endOffset && walk.look()) {
            walk.step();
          }
          if (walk.offset() != endOffset) {
            throw new StoreException(
                StoreException.Category.IO,
                "segment " + id + " has no batch that ends at offset " + endOffset);
          }
          return new Ending(walk.position(), walk.digest(), walk.maxTimestamp());
        });
  }
}

package io.floe.storage;

import io.floe.model.SegmentId;
import java.nio.file.Path;
import java.util.OptionalLong;

/// Where a store keeps what.
///
/// ```
/// LOCK                     held by the one process that has the store open
/// store.meta               incarnation
/// marks                    what is in doubt or damaged
/// tail-0.journal, tail-1…  the tail journal
/// segments/<2 hex>/<id>.log      batches, nothing else
/// segments/<2 hex>/<id>.open     spec and producer table of a segment without a footer
/// segments/<2 hex>/<id>.footer   of a sealed one
/// segments/<2 hex>/<id>.deleted  its data file goes when the last reader let go
/// pool/<number>.log        files to be used again
/// ```
///
/// Ids are allocated in order, and 256 neighbours share a directory: opening many segments at once
/// then syncs few directories.
record StoreLayout(Path directory) {
  static final String LOG = ".log";
  static final String OPEN = ".open";
  static final String FOOTER = ".footer";
  static final String DELETED = ".deleted";
  static final String TEMPORARY = ".tmp";

  Path lock() {
    return directory.resolve("LOCK");
  }

  Path meta() {
    return directory.resolve("store.meta");
  }

  Path marks() {
    return directory.resolve("marks");
  }

  Path journal(int number) {
    return directory.resolve("tail-" + number + ".journal");
  }

  Path segments() {
    return directory.resolve("segments");
  }

  Path pool() {
    return directory.resolve("pool");
  }

  Path segmentDirectory(SegmentId id) {
    return segments().resolve(String.format("%02x", (id.value() >>> 8) & 0xFF));
  }

  Path log(SegmentId id) {
    return segmentDirectory(id).resolve(id + LOG);
  }

  Path open(SegmentId id) {
    return segmentDirectory(id).resolve(id + OPEN);
  }

  Path footer(SegmentId id) {
    return segmentDirectory(id).resolve(id + FOOTER);
  }

  Path deleted(SegmentId id) {
    return segmentDirectory(id).resolve(id + DELETED);
  }

  static Path temporary(Path target) {
    return target.resolveSibling(target.getFileName() + TEMPORARY);
  }

  /// The number in a name of the form `<number><suffix>`.
  static OptionalLong number(String name, String suffix) {
    if (!name.endsWith(suffix)) {
      return OptionalLong.empty();
    }
    String digits = name.substring(0, name.length() - suffix.length());
    if (digits.isEmpty() || digits.length() > 19 || !digits.chars().allMatch(Character::isDigit)) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(digits));
  }
}

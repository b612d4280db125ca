package io.floe.storage.io.faulty;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The names that changed since their directories were synced, and the files that they hide.
///
/// A file that a deletion or a rename took its name from lives on in the attic, a directory of the
/// same file system, until the change is durable.
///
/// Thread-safety: none; [FaultyIo] holds its lock.
final class NameJournal {

  /// A change that is not durable yet.
  ///
  /// @param number makes two changes of the same names different
  /// @param from what is gone by it; null for a creation
  /// @param to what is there by it; null for a deletion
  /// @param hidden the file in the attic that had the name `to` (a rename) or `from` (a deletion)
  /// @param unsyncedDirectories those that are still to be synced
  private record Change(
      long number,
      @Nullable Path from,
      @Nullable Path to,
      @Nullable Path hidden,
      Set<Path> unsyncedDirectories) {

    boolean names(@Nullable Path path) {
      return path != null && (path.equals(from) || path.equals(to));
    }
  }

  private final Path attic;
  private final List<Change> changes = new ArrayList<>();
  private final Map<Path, TrackedFile> files = new HashMap<>();
  private long hiddenCount;
  private long changeCount;
  private boolean isDistrusting;

  NameJournal(Path attic) {
    this.attic = attic;
  }

  /// Takes what is in files that are first opened from now on for unsynced.
  void distrustWhatIsThere() {
    isDistrusting = true;
  }

  /// The file that has this name now, from the first time that it is opened.
  TrackedFile tracked(Path path) throws IOException {
    TrackedFile known = files.get(path);
    if (known == null) {
      known = new TrackedFile(path, Files.size(path));
      if (isDistrusting) {
        known.distrust();
      }
      files.put(path, known);
    }
    return known;
  }

  @Nullable TrackedFile find(Path path) {
    return files.get(path);
  }

  Iterable<TrackedFile> all() {
    return files.values();
  }

  int unsynced() {
    return changes.size();
  }

  void created(Path path) {
    changes.add(new Change(changeCount++, null, path, null, directoriesOf(path)));
  }

  /// Deletes a name and keeps its file.
  void delete(Path path) throws IOException {
    Path hidden = hide(path);
    changes.add(new Change(changeCount++, path, null, hidden, directoriesOf(path)));
  }

  /// Renames a file and keeps the one whose name it takes.
  void rename(Path from, Path to) throws IOException {
    if (from.equals(to)) {
      return;
    }
    if (!Files.isRegularFile(from)) {
      throw new NoSuchFileException(from.toString(), to.toString(), "is no file");
    }
    Path hidden = Files.exists(to) ? hide(to) : null;
    try {
      move(from, to);
    } catch (IOException e) {
      if (hidden != null) {
        move(hidden, to);
      }
      throw e;
    }
    Set<Path> directories = directoriesOf(from);
    directories.addAll(directoriesOf(to));
    changes.add(new Change(changeCount++, from, to, hidden, directories));
  }

  private Path hide(Path path) throws IOException {
    Files.createDirectories(attic);
    Path hidden = attic.resolve(hiddenCount++ + "-" + path.getFileName());
    move(path, hidden);
    return hidden;
  }

  private void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    TrackedFile file = files.remove(from);
    if (file != null) {
      file.path = to;
      files.put(to, file);
    }
  }

  private static Set<Path> directoriesOf(Path path) {
    Set<Path> directories = new HashSet<>();
    Path parent = path.getParent();
    if (parent != null) {
      directories.add(parent);
    }
    return directories;
  }

  /// Makes the changes of a directory durable, except renames whose other directory is not synced.
  void synced(Path directory) throws IOException {
    List<Change> durable = new ArrayList<>();
    for (Change change : changes) {
      change.unsyncedDirectories.remove(directory);
      if (change.unsyncedDirectories.isEmpty()) {
        durable.add(change);
      }
    }
    // What a durable change built upon is durable with it, and what that built upon in turn.
    for (int i = 0; i < durable.size(); i++) {
      Change later = durable.get(i);
      for (Change earlier : changes.subList(0, changes.indexOf(later))) {
        boolean isBase = earlier.names(later.from) || earlier.names(later.to);
        if (isBase && !durable.contains(earlier)) {
          durable.add(earlier);
        }
      }
    }
    for (Change change : durable) {
      forget(change.hidden);
    }
    changes.removeAll(durable);
  }

  private void forget(@Nullable Path hidden) throws IOException {
    if (hidden != null) {
      Files.deleteIfExists(hidden);
      TrackedFile file = files.remove(hidden);
      if (file != null) {
        file.path = null;
      }
    }
  }

  /// Undoes the changes that the loss takes, the last one first, and empties the attic.
  void lose(PowerLoss policy) throws IOException {
    int kept = policy.namesKept(changes.size());
    List<Change> undone = new ArrayList<>(changes.subList(kept, changes.size()));
    for (Change change : undone.reversed()) {
      undo(change);
    }
    for (Change change : changes.subList(0, kept)) {
      forget(change.hidden);
    }
    changes.clear();
    for (Iterator<Path> paths = files.keySet().iterator(); paths.hasNext(); ) {
      if (!Files.exists(paths.next())) {
        paths.remove();
      }
    }
    Files.deleteIfExists(attic);
  }

  private void undo(Change change) throws IOException {
    if (change.from == null && change.to != null) {
      Files.deleteIfExists(change.to);
    } else if (change.to == null && change.from != null && change.hidden != null) {
      move(change.hidden, change.from);
    } else if (change.from != null && change.to != null) {
      move(change.to, change.from);
      if (change.hidden != null) {
        move(change.hidden, change.to);
      }
    }
  }
}

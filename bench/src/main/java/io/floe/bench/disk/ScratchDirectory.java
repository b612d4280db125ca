package io.floe.bench.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// A new directory of our own below one that the user named; everything in it goes when it is
/// closed, also when the JVM is told to stop.
///
/// Thread-safety: none.
public final class ScratchDirectory implements AutoCloseable {
  private final Path path;
  private final Thread hook;

  private ScratchDirectory(Path path) {
    this.path = path;
    this.hook = new Thread(() -> delete(path), "scratch-cleaner");
  }

  public static ScratchDirectory create(Path parent) throws IOException {
    Files.createDirectories(parent);
    ScratchDirectory scratch =
        new ScratchDirectory(Files.createTempDirectory(parent.toRealPath(), "floe-bench-"));
    Runtime.getRuntime().addShutdownHook(scratch.hook);
    return scratch;
  }

  public Path path() {
    return path;
  }

  /// A new directory inside.
  public Path directory(String name) throws IOException {
    return Files.createDirectories(path.resolve(name));
  }

  @Override
  public void close() {
    delete(path);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is stopping: the hook runs by itself.
    }
  }

  /// Deletes a tree, whatever of it is still there.
  public static void delete(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    try {
      Files.walkFileTree(tree, new Deleting());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Deleting extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
        throws IOException {
      Files.deleteIfExists(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}

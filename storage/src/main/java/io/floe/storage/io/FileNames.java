package io.floe.storage.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// The name operations of [StorageIo], which block and need no ring.
///
/// Thread-safety: any thread. Errors: [IOException] that names the path.
public final class FileNames {
  private FileNames() {}

  public static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  public static void delete(Path path) throws IOException {
    Files.delete(path);
  }

  public static void syncDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw named(directory, e);
    }
  }

  private static FileSystemException named(Path path, IOException cause) {
    var named = new FileSystemException(path.toString(), null, cause.getMessage());
    named.initCause(cause);
    return named;
  }
}

package io.floe.multijvm;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// An ext4 of its own in an image file, mounted for one test. Its power can be cut. Needs root.
final class LoopMount implements AutoCloseable {
  /// `EXT4_IOC_SHUTDOWN`, `_IOR('X', 125, __u32)`, fs/ext4/ext4.h.
  private static final int EXT4_IOC_SHUTDOWN = 0x8004587d;

  /// `EXT4_GOING_FLAGS_NOLOGFLUSH`: nothing that was not synced reaches the disk, not even the
  /// journal's last transaction.
  private static final int NO_LOG_FLUSH = 2;

  private final Path image;
  private final Path mountPoint;
  private final Nodes users;
  private boolean isMounted;

  private LoopMount(Path image, Path mountPoint, Nodes users) {
    this.image = image;
    this.mountPoint = mountPoint;
    this.users = users;
  }

  /// Skips the test, and says so, where loop mounts are not possible.
  ///
  /// @param users nodes that may have files open on it; they are killed before it is unmounted
  static LoopMount create(Path directory, long bytes, Nodes users, String test) throws Exception {
    if (Commands.shell("[ $(id -u) = 0 ] && command -v mkfs.ext4 && command -v mount").exitCode()
        != 0) {
      skip(test, "mounting a file system needs root and mkfs.ext4");
    }
    Path image = directory.resolve("disk.img");
    Path mountPoint = Files.createDirectories(directory.resolve("mnt"));
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    }
    Commands.run("", List.of("mkfs.ext4", "-q", "-F", image.toString())).ok();
    LoopMount mount = new LoopMount(image, mountPoint, users);
    try {
      mount.mount();
    } catch (AssertionError e) {
      skip(test, "no loop device: " + e.getMessage());
    }
    return mount;
  }

  private static void skip(String test, String reason) {
    System.out.println("SKIPPED " + test + ": " + reason);
    Assumptions.abort(reason);
  }

  Path directory() {
    return mountPoint;
  }

  void mount() throws InterruptedException {
    Commands.run("", List.of("mount", "-o", "loop", image.toString(), mountPoint.toString())).ok();
    isMounted = true;
  }

  void unmount() throws InterruptedException {
    // A process that was just killed may hold it for a moment longer.
    for (int attempt = 0; isMounted; attempt++) {
      Commands.Result result = Commands.run("", List.of("umount", mountPoint.toString()));
      if (result.exitCode() == 0) {
        isMounted = false;
      } else if (attempt == 20) {
        throw new AssertionError("cannot unmount: " + result.err());
      } else {
        Thread.sleep(100);
      }
    }
  }

  /// From now on every write and sync fails with EIO, and only what was synced is there when it is
  /// mounted again.
  ///
  /// @param witness a file that is written the moment before and not synced: its bytes must be gone
  @SuppressWarnings("restricted")
  void cutPower(Path witness) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle open =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    MethodHandle ioctl =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));
    MethodHandle close =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) open.invokeExact(arena.allocateFrom(mountPoint.toString()), 0);
      if (fd < 0) {
        throw new IOException("cannot open " + mountPoint);
      }
      MemorySegment flags = arena.allocateFrom(ValueLayout.JAVA_INT, NO_LOG_FLUSH);
      // As late as possible: the kernel writes dirty pages back by itself after some seconds.
      Files.writeString(witness, "not synced");
      int result = (int) ioctl.invokeExact(fd, Integer.toUnsignedLong(EXT4_IOC_SHUTDOWN), flags);
      int ignored = (int) close.invokeExact(fd);
      if (result != 0) {
        throw new IOException("the shutdown ioctl of ext4 failed");
      }
    }
  }

  @Override
  public void close() throws IOException {
    // A node that did not become ready would else keep the mount and its loop device for ever.
    users.killAll();
    try {
      unmount();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + mountPoint + " is mounted", e);
    }
    Files.deleteIfExists(image);
  }
}

package io.floe.bench.node;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Class paths of the processes that a benchmark starts, all from the one of this process.
final class ClassPaths {
  private static final String OWN = System.getProperty("java.class.path");

  private ClassPaths() {}

  /// For drivers of ours.
  static String own() {
    return OWN;
  }

  /// Kafka as its own distribution has it, without Floe and without the logging that Floe brings
  /// along: it logs nothing, which costs it nothing.
  static String kafka() {
    return Pattern.compile(Pattern.quote(File.pathSeparator))
        .splitAsStream(OWN)
        .filter(ClassPaths::isKafkas)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static boolean isKafkas(String entry) {
    Path path = Path.of(entry);
    Path name = path.getFileName();
    return name != null
        && !Files.isDirectory(path)
        && !name.toString().startsWith("floe-")
        && !name.toString().startsWith("logback-");
  }
}

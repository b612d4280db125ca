package io.floe.cli;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// `floe bench …`: hands its arguments to the bench module, which is not on the class path of a
/// node; the launcher adds it for this command.
@Command(
    name = "bench",
    description = "Measure the engine, and compare whole nodes with the peers.")
final class BenchCommand implements Runnable {
  private static final String ENTRY = "io.floe.bench.BenchMain";

  @Unmatched List<String> arguments = new ArrayList<>();

  @Override
  public void run() {
    Class<?> entry;
    try {
      entry = Class.forName(ENTRY);
    } catch (ClassNotFoundException e) {
      throw new CommandFailure("the benchmarks are not part of this package: run ./floe bench", e);
    }
    try {
      entry
          .getMethod("main", String[].class)
          .invoke(null, (Object) arguments.toArray(new String[0]));
    } catch (InvocationTargetException e) {
      throw new CommandFailure("the benchmark failed: " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(ENTRY + " has no public main", e);
    }
  }
}

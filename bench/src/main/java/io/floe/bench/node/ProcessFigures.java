package io.floe.bench.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a JVM process takes from the machine.
///
/// @param rssMiB resident memory
/// @param heapMiB used heap, after a full collection
/// @param idleCpuPercent of one core, while nobody asks it anything
record ProcessFigures(double rssMiB, double heapMiB, double idleCpuPercent) {
  private static final Pattern RSS = Pattern.compile("VmRSS:\\s+(\\d+) kB");
  private static final Pattern HEAP_USED = Pattern.compile("used (\\d+)K");
  private static final int JCMD_SECONDS = 20;

  static ProcessFigures of(long pid, Duration window) throws IOException, InterruptedException {
    double rssMiB = rssMiB(pid);
    Duration before = cpu(pid);
    long beganNanos = System.nanoTime();
    Thread.sleep(window);
    double share = (double) cpu(pid).minus(before).toNanos() / (System.nanoTime() - beganNanos);
    return new ProcessFigures(rssMiB, heapMiB(pid), 100 * share);
  }

  private static Duration cpu(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(handle -> handle.info().totalCpuDuration())
        .orElseThrow(() -> new IllegalStateException("process " + pid + " is gone"));
  }

  private static double rssMiB(long pid) throws IOException {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    return Files.isReadable(status) ? first(RSS, Files.readString(status)) / 1024 : Double.NaN;
  }

  private static double heapMiB(long pid) throws IOException, InterruptedException {
    jcmd(pid, "GC.run");
    return first(HEAP_USED, jcmd(pid, "GC.heap_info")) / 1024;
  }

  private static double first(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Double.parseDouble(matcher.group(1)) : Double.NaN;
  }

  private static String jcmd(long pid, String command) throws IOException, InterruptedException {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                command)
            .redirectErrorStream(true)
            .start();
    String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    jcmd.waitFor(JCMD_SECONDS, TimeUnit.SECONDS);
    return output;
  }
}

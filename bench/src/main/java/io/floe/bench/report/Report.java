package io.floe.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Everything that one run found.
///
/// @param benchmark which one it was
/// @param command the arguments after `floe bench`
/// @param isMeasurement false for a quick run, whose numbers show only that everything works
/// @param settings what was done, for a reader who wants to do it again
public record Report(
    String benchmark,
    String command,
    boolean isMeasurement,
    Machine machine,
    Map<String, String> settings,
    List<Series> series,
    List<Ratio> ratios,
    List<Limit> limits) {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

  public Report {
    settings = Map.copyOf(settings);
    series = List.copyOf(series);
    ratios = List.copyOf(ratios);
    limits = List.copyOf(limits);
  }

  public boolean areTargetsMet() {
    return ratios.stream().allMatch(Ratio::isMet) && limits.stream().allMatch(Limit::isMet);
  }

  public void writeJson(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, JSON.writeValueAsString(this) + "\n");
  }
}

package io.floe.cli;

import io.floe.gateway.tool.RemoteHeader;
import io.floe.model.batch.BatchReader;
import io.floe.model.batch.Compression;
import io.floe.model.batch.InvalidBatchException;
import io.floe.model.batch.RecordCursor;
import io.floe.model.batch.RecordHeader;
import io.floe.storage.SegmentInspection;
import io.floe.storage.SegmentInspection.Batch;
import io.floe.storage.SegmentInspection.Damage;
import io.floe.storage.SegmentInspection.EndSource;
import io.floe.storage.SegmentInspection.Identity;
import io.floe.storage.SegmentInspection.Report;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `floe inspect segment`.
@Command(
    name = "segment",
    description = "Dump and verify segment files; say exactly what is damaged.",
    footer = {
      "",
      "Examples:",
      "  floe inspect segment data/store              # verify everything in it",
      "  floe inspect segment data/store/segments/00/1.log",
      "  floe inspect segment 1.log --records --json  # any Kafka log file will do",
      "",
      "A file's batches are listed, a directory's only with --batches. It reads only",
      "and takes no lock; what a running node is just writing may look torn.",
      "Exit code 1: something is damaged.",
    })
final class InspectSegmentCommand implements Callable<Integer> {
  private static final int DECOMPRESSED_BYTES_MAX = 256 << 20;

  @Mixin HelpOption help = new HelpOption();

  @Parameters(paramLabel = "FILE|DIR", description = "A segment file, or a directory of them.")
  Path path = Path.of(".");

  @Option(names = "--batches", description = "List the batches of each file.")
  boolean isBatches;

  @Option(names = "--records", description = "List the records of each file.")
  boolean isRecords;

  @Option(names = "--json", description = "Print one JSON object a line.")
  boolean isJson;

  @Override
  public Integer call() {
    List<Path> files;
    try {
      files = SegmentInspection.find(path);
    } catch (NoSuchFileException e) {
      throw new CommandFailure("there is no file " + path, e);
    } catch (IOException e) {
      throw new CommandFailure("cannot look into " + path + ": " + e.getMessage(), e);
    }
    if (files.isEmpty()) {
      throw new CommandFailure("there is no segment file in " + path);
    }
    boolean listsBatches = isBatches || (!isRecords && !Files.isDirectory(path));
    SegmentInspection inspection = new SegmentInspection();
    int damaged = 0;
    try (StandardOutput out = StandardOutput.open()) {
      for (Path file : files) {
        Dump dump = new Dump(out, file, listsBatches);
        Report report;
        try {
          report = inspection.inspect(file, dump);
        } catch (IOException e) {
          out.flush();
          throw new CommandFailure("cannot inspect " + file + ": " + e.getMessage(), e);
        }
        if (isJson) {
          writeJson(out, report);
        } else {
          writeText(out, report);
        }
        if (!report.isSound() || dump.unreadable > 0) {
          damaged++;
        }
      }
      if (!isJson && files.size() > 1) {
        out.line(files.size() + " files, " + (damaged == 0 ? "none" : damaged) + " damaged");
      }
    }
    return damaged == 0 ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  /// Writes batches and records while they are read.
  private final class Dump implements SegmentInspection.BatchListener {
    private final StandardOutput out;
    private final Path file;
    private final boolean listsBatches;
    private final BatchReader reader = new BatchReader(DECOMPRESSED_BYTES_MAX);
    private boolean hasHeading;
    long unreadable;

    Dump(StandardOutput out, Path file, boolean listsBatches) {
      this.out = out;
      this.file = file;
      this.listsBatches = listsBatches;
    }

    @Override
    public void onBatch(Batch batch, ByteBuffer bytes) {
      if (listsBatches && isJson) {
        writeBatchJson(batch);
      } else if (listsBatches) {
        writeBatch(batch);
      }
      if (isRecords) {
        writeRecords(batch, bytes);
      }
    }

    private void writeBatch(Batch batch) {
      if (!hasHeading) {
        hasHeading = true;
        out.line(
            String.format(
                Locale.ROOT,
                "%12s %10s %12s %8s %7s %7s  %-24s  %s",
                "position",
                "bytes",
                "offset",
                "records",
                "epoch",
                "codec",
                "timestamp",
                "producer"));
      }
      out.line(
          String.format(
                  Locale.ROOT,
                  "%12d %10d %12d %8d %7d %7s  %-24s  %s",
                  batch.position(),
                  batch.sizeBytes(),
                  batch.baseOffset(),
                  batch.count(),
                  batch.epoch(),
                  codec(batch),
                  batch.maxTimestamp() < 0 ? "" : Instant.ofEpochMilli(batch.maxTimestamp()),
                  batch.producerId() < 0
                      ? ""
                      : "id "
                          + batch.producerId()
                          + " epoch "
                          + batch.producerEpoch()
                          + " from "
                          + batch.baseSequence())
              .stripTrailing());
    }

    private void writeBatchJson(Batch batch) {
      Json.line(
          out,
          json -> {
            json.writeStringField("type", "batch");
            json.writeStringField("file", file.toString());
            json.writeNumberField("position", batch.position());
            json.writeNumberField("sizeBytes", batch.sizeBytes());
            json.writeNumberField("baseOffset", batch.baseOffset());
            json.writeNumberField("count", batch.count());
            json.writeNumberField("epoch", batch.epoch());
            json.writeStringField("codec", codec(batch));
            json.writeNumberField("baseTimestamp", batch.baseTimestamp());
            json.writeNumberField("maxTimestamp", batch.maxTimestamp());
            json.writeNumberField("producerId", batch.producerId());
            json.writeNumberField("producerEpoch", batch.producerEpoch());
            json.writeNumberField("baseSequence", batch.baseSequence());
          });
    }

    private void writeRecords(Batch batch, ByteBuffer bytes) {
      try {
        RecordCursor cursor = reader.open(bytes, 0);
        while (cursor.next()) {
          writeRecord(cursor);
        }
      } catch (InvalidBatchException e) {
        unreadable++;
        String what = "the records of the batch at offset " + batch.baseOffset() + ": ";
        if (isJson) {
          Json.line(
              out,
              json -> {
                json.writeStringField("type", "unreadable");
                json.writeStringField("file", file.toString());
                json.writeNumberField("baseOffset", batch.baseOffset());
                json.writeStringField("cause", e.getMessage());
              });
        } else {
          out.line("  UNREADABLE " + what + e.getMessage());
        }
      }
    }

    private void writeRecord(RecordCursor cursor) {
      byte[] key = bytes(cursor.key());
      byte[] value = bytes(cursor.value());
      List<RemoteHeader> headers = new ArrayList<>();
      for (RecordHeader header : cursor.headers()) {
        headers.add(new RemoteHeader(header.key(), bytes(header.value())));
      }
      if (isJson) {
        long offset = cursor.offset();
        long timestamp = cursor.timestamp();
        Json.line(
            out,
            json -> {
              json.writeStringField("type", "record");
              RecordPrinter.writeFields(json, offset, timestamp, key, value, headers);
            });
        return;
      }
      out.line(
          String.format(
              Locale.ROOT,
              "%12d  %s  %s%s%s",
              cursor.offset(),
              cursor.timestamp() < 0 ? "-" : Instant.ofEpochMilli(cursor.timestamp()),
              Json.object(json -> Json.bytes(json, "key", key)),
              Json.object(json -> Json.bytes(json, "value", value)),
              headers.isEmpty() ? "" : " " + headers.size() + " headers"));
    }
  }

  private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }

  private static String codec(Batch batch) {
    try {
      return Compression.of(batch.attributes()).name().toLowerCase(Locale.ROOT);
    } catch (InvalidBatchException e) {
      return "?";
    }
  }

  private static void writeText(StandardOutput out, Report report) {
    Identity identity = report.identity();
    String who =
        identity == null
            ? ""
            : String.format(
                Locale.ROOT,
                ": topic %s, partition %d, epoch %d",
                identity.partition().topic(),
                identity.partition().index(),
                identity.epoch());
    out.line(report.file() + who);
    String until =
        switch (report.endSource()) {
          case FOOTER -> "sealed";
          case JOURNAL -> "open, end by the tail journal";
          case BATCHES -> identity == null ? "no store's file" : "open, nothing acknowledged yet";
        };
    out.line(
        String.format(
            Locale.ROOT,
            "  %s: %,d batches, offsets %d to %d, %,d bytes%s; %s",
            report.isSound() ? "sound" : "DAMAGED",
            report.batches(),
            report.baseOffset(),
            report.endOffset(),
            report.sizeBytes(),
            report.tailBytes() > 0
                ? String.format(Locale.ROOT, " and %,d unused behind them", report.tailBytes())
                : "",
            until));
    for (Damage damage : report.damages()) {
      out.line(
          "  DAMAGE "
              + damage.kind()
              + " at bytes "
              + damage.position()
              + " to "
              + damage.endPosition()
              + ": offsets from "
              + damage.fromOffset()
              + (damage.toOffset() < 0 ? " on are unreadable" : lost(damage)));
    }
    report.problems().forEach(problem -> out.line("  PROBLEM " + problem));
    report.notes().forEach(note -> out.line("  note: " + note));
  }

  private static String lost(Damage damage) {
    return " to " + (damage.toOffset() - 1) + " are unreadable";
  }

  private static void writeJson(StandardOutput out, Report report) {
    Json.line(
        out,
        json -> {
          json.writeStringField("type", "segment");
          json.writeStringField("file", report.file().toString());
          json.writeBooleanField("sound", report.isSound());
          Identity identity = report.identity();
          if (identity != null) {
            json.writeNumberField("segment", identity.segment().value());
            json.writeStringField("topic", identity.partition().topic().toString());
            json.writeNumberField("partition", identity.partition().index());
            json.writeNumberField("epoch", identity.epoch());
          }
          json.writeNumberField("batches", report.batches());
          json.writeNumberField("baseOffset", report.baseOffset());
          json.writeNumberField("endOffset", report.endOffset());
          json.writeNumberField("sizeBytes", report.sizeBytes());
          json.writeStringField("endSource", endSource(report.endSource()));
          json.writeNumberField("tailBytes", report.tailBytes());
          json.writeArrayFieldStart("damages");
          for (Damage damage : report.damages()) {
            json.writeStartObject();
            json.writeStringField("kind", damage.kind());
            json.writeNumberField("position", damage.position());
            json.writeNumberField("endPosition", damage.endPosition());
            json.writeNumberField("fromOffset", damage.fromOffset());
            json.writeNumberField("toOffset", damage.toOffset());
            json.writeEndObject();
          }
          json.writeEndArray();
          Json.strings(json, "problems", report.problems());
          Json.strings(json, "notes", report.notes());
        });
  }

  private static String endSource(EndSource source) {
    return source.name().toLowerCase(Locale.ROOT);
  }
}

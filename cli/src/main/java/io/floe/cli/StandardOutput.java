package io.floe.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// Standard output as bytes, buffered. [System#out] swallows errors, so a tool that writes to it
/// never learns that its reader is gone.
///
/// Thread-safety: none. Errors: [OutputClosedException] when the reader went away, else
/// [CommandFailure], e.g. when the output is a file and its disk is full.
final class StandardOutput extends OutputStream {
  private final OutputStream out;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  static StandardOutput open() {
    return new StandardOutput(
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 64 * 1024));
  }

  void line(String text) {
    write(text.getBytes(StandardCharsets.UTF_8));
    write('\n');
  }

  @Override
  public void write(int b) {
    try {
      out.write(b);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void write(byte[] bytes) {
    write(bytes, 0, bytes.length);
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    try {
      out.write(bytes, from, length);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    flush();
  }

  private static RuntimeException failure(IOException e) {
    // The JDK has no type for EPIPE, only the text of strerror, which the C locale keeps English.
    String message = String.valueOf(e.getMessage());
    return message.contains("Broken pipe") || message.contains("Stream Closed")
        ? new OutputClosedException(e)
        : new CommandFailure("cannot write to standard output: " + message, e);
  }
}

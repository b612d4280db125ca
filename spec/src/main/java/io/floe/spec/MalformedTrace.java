package io.floe.spec;

/// A trace that cannot be read: the message names the line and the field.
public final class MalformedTrace extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MalformedTrace(int lineNumber, String detail) {
    super("line " + lineNumber + ": " + detail);
  }
}

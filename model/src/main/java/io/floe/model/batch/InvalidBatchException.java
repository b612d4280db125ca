package io.floe.model.batch;

/// Bytes that are not a batch: which field, what it holds and what it may hold.
public final class InvalidBatchException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String field;

  InvalidBatchException(String field, long value, String rule) {
    super(field + " is " + value + ", " + rule);
    this.field = field;
  }

  InvalidBatchException(String field, String problem) {
    super(field + " " + problem);
    this.field = field;
  }

  InvalidBatchException(String field, String problem, Throwable cause) {
    super(field + " " + problem, cause);
    this.field = field;
  }

  /// The field that is wrong, as the message names it.
  public String field() {
    return field;
  }
}

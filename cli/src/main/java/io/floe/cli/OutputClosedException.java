package io.floe.cli;

import java.io.IOException;
import java.io.Serial;

/// The reader of standard output went away (`floe consume t | head -1`). Nothing is wrong: the
/// command ends without a word.
final class OutputClosedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  OutputClosedException(IOException cause) {
    super(cause);
  }
}

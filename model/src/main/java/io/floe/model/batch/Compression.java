package io.floe.model.batch;

/// How the records of a batch are compressed, with the number that the batch's attributes carry.
///
/// Source: Kafka protocol guide, "Record Batch", attributes bits 0 to 2.
public enum Compression {
  NONE(0),
  GZIP(1),
  SNAPPY(2),
  LZ4(3),
  ZSTD(4);

  static final int ATTRIBUTE_MASK = 0x07;

  private static final Compression[] BY_ID = values();

  private final int id;

  Compression(int id) {
    this.id = id;
  }

  public int id() {
    return id;
  }

  static boolean isKnown(short attributes) {
    return (attributes & ATTRIBUTE_MASK) < BY_ID.length;
  }

  /// The compression that a batch's attributes name.
  ///
  /// Errors: [InvalidBatchException] for the numbers that no format uses.
  public static Compression of(short attributes) {
    int id = attributes & ATTRIBUTE_MASK;
    if (id >= BY_ID.length) {
      throw new InvalidBatchException("compression", id, "must be 0 to " + (BY_ID.length - 1));
    }
    return BY_ID[id];
  }
}

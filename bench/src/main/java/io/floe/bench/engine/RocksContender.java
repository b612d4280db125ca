package io.floe.bench.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/// RocksDB's write-ahead log with a sync for every put, which its group commit shares between the
/// writers. Given what helps it: recycled log files that were written before, no flush of the
/// memtable and no compaction while it is measured, only the 1 KiB value without a batch around it.
///
/// It has one log whatever the keys are, so `lanes` changes nothing. Writers are platform threads:
/// a put waits in native code.
final class RocksContender implements Contender {
  static final String NAME = "RocksDB WAL, sync";
  private static final long MEMTABLE_BYTES = 512L << 20;
  private static final int LOGS_RECYCLED = 4;
  private static final long FILL_BYTES = 192L << 20;

  private final Options options;
  private final WriteOptions synced = new WriteOptions().setSync(true);
  private final RocksDB db;
  private final byte[] value = Workload.value();
  private final AtomicLong key = new AtomicLong();

  private RocksContender(Options options, RocksDB db) {
    this.options = options;
    this.db = db;
  }

  static RocksContender open(Path directory) throws IOException {
    RocksDB.loadLibrary();
    Options options =
        new Options()
            .setCreateIfMissing(true)
            .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
            .setWriteBufferSize(MEMTABLE_BYTES)
            .setMaxWriteBufferNumber(4)
            .setRecycleLogFileNum(LOGS_RECYCLED)
            .setDisableAutoCompactions(true)
            .setLevel0SlowdownWritesTrigger(1000)
            .setLevel0StopWritesTrigger(1000)
            .setCompressionType(CompressionType.NO_COMPRESSION);
    try {
      RocksContender rocks =
          new RocksContender(options, RocksDB.open(options, directory.toString()));
      rocks.makeLogsToRecycle();
      return rocks;
    } catch (RocksDBException e) {
      options.close();
      throw new IOException("RocksDB: " + e.getMessage(), e);
    }
  }

  /// A log becomes free when its memtable was flushed. Each is filled first, so that the measured
  /// puts overwrite blocks that exist, as Floe's do.
  private void makeLogsToRecycle() throws RocksDBException {
    try (WriteOptions unsynced = new WriteOptions()) {
      for (int log = 0; log < LOGS_RECYCLED; log++) {
        for (long bytes = 0; bytes < FILL_BYTES; bytes += value.length) {
          db.put(unsynced, nextKey(), value);
        }
        nextLog();
      }
    }
  }

  private void nextLog() throws RocksDBException {
    db.syncWal();
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      db.flush(flush);
    }
  }

  private byte[] nextKey() {
    // Few keys: what the tables hold is not what is measured.
    return ByteBuffer.allocate(Long.BYTES).putLong(key.getAndIncrement() % 1_000_000).array();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Result run(int lanes, Window window) throws IOException, InterruptedException {
    try {
      nextLog();
    } catch (RocksDBException e) {
      throw new IOException("RocksDB: " + e.getMessage(), e);
    }
    return Writers.run(
        window,
        Thread.ofPlatform().name("rocks-writer-", 0).factory(),
        writer -> db.put(synced, nextKey(), value));
  }

  @Override
  public void close() {
    synced.close();
    db.close();
    options.close();
  }
}

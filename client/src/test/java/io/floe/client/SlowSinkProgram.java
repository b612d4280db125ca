package io.floe.client;

import io.floe.actors.node.FloeNode;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/// Writes a topic and reads it through a sink that is slower than the disk, node and streams in
/// this one small heap. Arguments: data directory, size of the topic in MiB.
public final class SlowSinkProgram {
  private static final int VALUE_BYTES = 16 * 1024;
  private static final int RECORDS_PER_PAUSE = 64;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private SlowSinkProgram() {}

  public static void main(String[] args) throws Exception {
    int records = (int) (Long.parseLong(args[1]) * 1024 * 1024 / VALUE_BYTES);
    // The tail cache of a node is sized for a server; here it must leave the heap to the streams.
    try (FloeNode node =
        NodeStreamTest.start(Path.of(args[0]), "floe.store.tail-cache-bytes = 16MiB")) {
      NodeStreamTest.createTopic(node, 1, new TreeMap<>());
      ProducerSettings<byte[], byte[]> producer =
          ProducerSettings.create(
              node.system(), node.log(), Serializer.bytes(), Serializer.bytes());
      Source.range(0, records - 1)
          .map(
              number -> {
                byte[] value = new byte[VALUE_BYTES];
                value[0] = (byte) (int) number;
                return ProducerRecord.<byte[], byte[]>of("orders", value);
              })
          .runWith(Producer.plainSink(producer), node.system())
          .toCompletableFuture()
          .join();
      ConsumerSettings<byte[], byte[]> consumer =
          ConsumerSettings.create(
              node.system(), node.log(), Deserializer.bytes(), Deserializer.bytes());
      AtomicLong heapMax = new AtomicLong();
      AtomicLong wrong = new AtomicLong();
      Consumer.plainSource(consumer, Subscriptions.topics("orders"))
          .take(records)
          .runWith(
              Sink.foreach(
                  record -> {
                    byte[] value = record.value();
                    if (value == null || value[0] != (byte) record.offset()) {
                      wrong.incrementAndGet();
                    }
                    if (record.offset() % RECORDS_PER_PAUSE == 0) {
                      LockSupport.parkNanos(PAUSE_NANOS);
                      Runtime runtime = Runtime.getRuntime();
                      heapMax.accumulateAndGet(
                          runtime.totalMemory() - runtime.freeMemory(), Math::max);
                    }
                  }),
              node.system())
          .toCompletableFuture()
          .join();
      System.out.println(
          "READ " + records + " WRONG " + wrong + " HEAP_MAX_MIB " + (heapMax.get() >> 20));
    }
  }
}

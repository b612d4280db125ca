package io.floe.consensus.replication.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.model.batch.BatchInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ProducerTableTest {

  private static ProducerTable replayed(BatchInfo... batches) {
    ProducerTable table = new ProducerTable();
    for (BatchInfo batch : batches) {
      table.replay(batch, table.endOffset());
    }
    return table;
  }

  @Test
  void remembersTheLastFiveBatches() {
    ProducerTable table = new ProducerTable();
    for (int i = 0; i < 7; i++) {
      table.replay(Batches.of(5, 0, i * 10, 10), i * 10L);
    }
    assertThat(table.check(Batches.of(5, 0, 10, 10))).isEqualTo(ProducerTable.OUT_OF_ORDER);
    for (int i = 2; i < 7; i++) {
      assertThat(table.check(Batches.of(5, 0, i * 10, 10))).isEqualTo(i * 10L);
    }
    assertThat(table.check(Batches.of(5, 0, 60, 9))).isEqualTo(ProducerTable.OUT_OF_ORDER);
    assertThat(table.check(Batches.of(5, 0, 70, 1))).isEqualTo(ProducerTable.NEW);
  }

  @Test
  void sequencesWrapFromTheLargestIntToZero() {
    ProducerTable table = replayed(Batches.of(5, 0, Integer.MAX_VALUE - 1, 2));
    assertThat(table.check(Batches.of(5, 0, 0, 1))).isEqualTo(ProducerTable.NEW);
    assertThat(table.check(Batches.of(5, 0, 1, 1))).isEqualTo(ProducerTable.OUT_OF_ORDER);
    table = replayed(Batches.of(5, 0, Integer.MAX_VALUE, 3));
    assertThat(table.check(Batches.of(5, 0, 2, 1))).isEqualTo(ProducerTable.NEW);
    assertThat(table.check(Batches.of(5, 0, Integer.MAX_VALUE, 3))).isZero();
  }

  @Test
  void forgetsOldBatchesWithTheirEpoch() {
    ProducerTable table = replayed(Batches.of(5, 0, 0, 1), Batches.of(5, 1, 0, 1));
    assertThat(table.check(Batches.of(5, 1, 0, 1))).isEqualTo(1);
    assertThat(table.check(Batches.of(5, 0, 0, 1))).isEqualTo(ProducerTable.FENCED);
    assertThat(table.check(Batches.of(5, 1, 1, 1))).isEqualTo(ProducerTable.NEW);
  }

  @Test
  void replaysOnlyWhatFollows() {
    ProducerTable table = replayed(Batches.plain(3));
    assertThatThrownBy(() -> table.replay(Batches.plain(1), 4)).isInstanceOf(BrokenInvariant.class);
    assertThatThrownBy(() -> table.replay(Batches.plain(1), 2)).isInstanceOf(BrokenInvariant.class);
  }

  @Test
  void passesOverWhatNobodyCanRead() {
    ProducerTable table = new ProducerTable();
    table.passOver(7);
    assertThat(table.endOffset()).isEqualTo(7);
    assertThatThrownBy(() -> table.passOver(6)).isInstanceOf(BrokenInvariant.class);
    assertThat(ProducerTable.decode(table.encode()).endOffset()).isEqualTo(7);
  }

  @Test
  void forgetsTheLongestSilentBeyondTheCount() {
    ProducerTable table = new ProducerTable(2, 3);
    for (long producer : new long[] {1, 2, 3, 1, 4}) {
      int sequence = producer == 1 && table.endOffset() > 0 ? 1 : 0;
      table.replay(Batches.of(producer, 0, sequence, 1), table.endOffset());
    }
    assertThat(table.producerCount()).isEqualTo(3);
    assertThat(table.knows(2)).isFalse();
    assertThat(table.knows(1)).isTrue();
  }

  @Test
  void expiresByTimestampsButAlwaysKeepsTheLatestFew() {
    ProducerTable table = new ProducerTable(2, 100);
    for (int producer = 0; producer < 5; producer++) {
      table.replay(Batches.at(1_000, producer, 0, 0, 1), table.endOffset());
    }
    assertThat(table.producerCount()).isEqualTo(5);
    long later = 1_001 + ProducerTable.EXPIRY_MILLIS;
    table.replay(Batches.at(later, 9, 0, 0, 1), table.endOffset());
    assertThat(table.producerCount()).isEqualTo(2);
    assertThat(table.knows(4)).isTrue();
    // A record from the far future does not make everyone else unknown.
    table.replay(Batches.at(Long.MAX_VALUE, 10, 0, 0, 1), table.endOffset());
    table.replay(Batches.at(later, 11, 0, 0, 1), table.endOffset());
    assertThat(table.producerCount()).isEqualTo(2);
    assertThat(table.knows(11)).isTrue();
  }

  @Test
  void goldenBytesOfVersion1() {
    ProducerTable table =
        replayed(
            Batches.at(2, 258, 3, 7, 2),
            Batches.plain(1),
            Batches.at(1, 9, 0, 0, 1),
            Batches.at(5, 258, 3, 9, 1));
    assertThat(HexFormat.of().formatHex(table.encode()))
        .isEqualTo(
            "01"
                + "0000000000000005"
                + "0000000000000005"
                + "00000002"
                + "0000000000000009"
                + "0000"
                + "0000000000000001"
                + "01"
                + "00000000"
                + "00000000"
                + "0000000000000003"
                + "0000000000000102"
                + "0003"
                + "0000000000000005"
                + "02"
                + "00000007"
                + "00000008"
                + "0000000000000000"
                + "00000009"
                + "00000009"
                + "0000000000000004");
  }

  @Test
  void anyPrefixThroughItsStoredFormEqualsTheReplayOfAll() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    List<BatchInfo> log = new ArrayList<>();
    int[] sequences = new int[20];
    for (int i = 0; i < 400; i++) {
      int producer = random.nextInt(20);
      int records = 1 + random.nextInt(5);
      log.add(
          producer == 0
              ? Batches.plain(records)
              : Batches.at(random.nextInt(1_000), producer, 0, sequences[producer], records));
      sequences[producer] += records;
    }
    byte[] whole = replayed(log.toArray(BatchInfo[]::new)).encode();
    for (int cut = 0; cut <= log.size(); cut += 37) {
      ProducerTable table =
          ProducerTable.decode(replayed(log.subList(0, cut).toArray(BatchInfo[]::new)).encode());
      for (BatchInfo batch : log.subList(cut, log.size())) {
        table.replay(batch, table.endOffset());
      }
      assertThat(table.encode()).as("cut at %s, seed %s", cut, seed).isEqualTo(whole);
    }
  }

  @Test
  void refusesBytesThatAreNotATable() {
    byte[] good = replayed(Batches.of(5, 0, 0, 1), Batches.of(6, 0, 0, 1)).encode();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> ProducerTable.decode(cut))
          .isInstanceOf(IllegalArgumentException.class);
    }
    byte[] newer = good.clone();
    newer[0] = 2;
    assertThatThrownBy(() -> ProducerTable.decode(newer)).hasMessageContaining("version 2");
    byte[] hostile = good.clone();
    hostile[17] = 0x7F;
    assertThatThrownBy(() -> ProducerTable.decode(hostile)).hasMessageContaining("producers");
    byte[] longer = Arrays.copyOf(good, good.length + 1);
    assertThatThrownBy(() -> ProducerTable.decode(longer)).hasMessageContaining("too many");
  }
}

package io.floe.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Doctored histories: a checker that finds nothing proves nothing unless it finds these.
final class HistoryTest {
  private final History history = new History(2);

  @BeforeEach
  void fiveAcknowledgedRecords() {
    for (int i = 0; i < 5; i++) {
      long number = history.send(0);
      history.acknowledged(0, number, i);
    }
  }

  private Verdict afterReading(long... numbers) {
    for (int offset = 0; offset < numbers.length; offset++) {
      history.read(0, offset, numbers[offset]);
    }
    return history.verdict();
  }

  @Test
  void acceptsEveryRecordOnceAndInOrder() {
    Verdict verdict = afterReading(0, 1, 2, 3, 4);

    assertThat(verdict.isClean()).isTrue();
    assertThat(verdict.summary()).isEqualTo("0 lost, 0 duplicated, 0 out of order");
    assertThat(verdict.acknowledged()).isEqualTo(5);
    assertThat(verdict.read()).isEqualTo(5);
  }

  @Test
  void acceptsRecordsOfUnknownFateThatAreThere() {
    history.send(0);

    assertThat(afterReading(0, 1, 2, 3, 4, 5).isClean()).isTrue();
  }

  @Test
  void acceptsRecordsOfUnknownFateThatAreNotThere() {
    history.send(0);

    assertThat(afterReading(0, 1, 2, 3, 4).isClean()).isTrue();
  }

  @Test
  void findsALostTail() {
    Verdict verdict = afterReading(0, 1, 2, 3);

    assertThat(verdict.lost()).isEqualTo(1);
    assertThat(verdict.isClean()).isFalse();
    assertThat(verdict.summary()).isEqualTo("1 lost, 0 duplicated, 0 out of order");
    assertThat(verdict.details().toString()).contains("record 4");
  }

  @Test
  void findsALossInTheMiddleThatOffsetsDoNotShow() {
    // The log gave the offsets of 2 and 3 to what came after them.
    Verdict verdict = afterReading(0, 1, 4);

    assertThat(verdict.lost()).isEqualTo(2);
    assertThat(verdict.misplaced()).isEqualTo(1);
  }

  @Test
  void findsAPartitionThatIsEmptyAfterwards() {
    history.acknowledged(1, history.send(1), 0);

    assertThat(afterReading(0, 1, 2, 3, 4).lost()).isEqualTo(1);
  }

  @Test
  void findsADuplicateOfAnAcknowledgedRecord() {
    Verdict verdict = afterReading(0, 1, 2, 3, 4, 4);

    assertThat(verdict.duplicated()).isEqualTo(1);
    assertThat(verdict.isClean()).isFalse();
  }

  @Test
  void findsADuplicateOfARecordThatNobodyAcknowledged() {
    history.send(0);

    assertThat(afterReading(0, 1, 2, 3, 4, 5, 5).duplicated()).isEqualTo(1);
  }

  @Test
  void findsRecordsThatChangedPlaces() {
    Verdict verdict = afterReading(0, 2, 1, 3, 4);

    assertThat(verdict.outOfOrder()).isEqualTo(1);
    assertThat(verdict.misplaced()).isEqualTo(2);
    assertThat(verdict.lost()).isZero();
  }

  @Test
  void findsRecordsOfUnknownFateThatChangedPlaces() {
    history.send(0);
    history.send(0);

    Verdict verdict = afterReading(0, 1, 2, 3, 4, 6, 5);

    assertThat(verdict.outOfOrder()).isEqualTo(1);
    assertThat(verdict.isClean()).isFalse();
  }

  @Test
  void findsAGapInTheOffsets() {
    history.read(0, 0, 0);
    history.read(0, 1, 1);
    history.read(0, 3, 2);

    assertThat(history.verdict().gaps()).isEqualTo(1);
  }

  @Test
  void findsALogThatDoesNotBeginAtZero() {
    history.read(0, 7, 0);

    assertThat(history.verdict().gaps()).isEqualTo(7);
  }

  @Test
  void findsAnOffsetThatCameTwice() {
    history.read(0, 0, 0);
    history.read(0, 0, 1);

    assertThat(history.verdict().isClean()).isFalse();
  }

  @Test
  void findsARecordThatWasNeverSent() {
    assertThat(afterReading(0, 1, 2, 3, 4, 5).foreign()).isEqualTo(1);
    history.readAgain();
    assertThat(afterReading(-1).foreign()).isEqualTo(1);
  }

  @Test
  void findsAnAcknowledgementWithAnotherOffset() {
    long number = history.send(0);
    history.acknowledged(0, number, 9);

    assertThat(afterReading(0, 1, 2, 3, 4, 5).misplaced()).isEqualTo(1);
  }

  @Test
  void startsAfreshWhenReadAgain() {
    assertThat(afterReading(0, 1).lost()).isEqualTo(3);
    history.readAgain();
    assertThat(afterReading(0, 1, 2, 3, 4).isClean()).isTrue();
  }
}

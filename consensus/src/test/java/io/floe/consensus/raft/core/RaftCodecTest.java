package io.floe.consensus.raft.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// The draws come from a seed, which is part of every failure.
class RaftCodecTest {
  private static final int RUNS = 3_000;

  private static final class RandomRaft {
    private final Random random;

    RandomRaft(long seed) {
      random = new Random(seed);
    }

    long number() {
      return random.nextLong() >>> (1 + random.nextInt(63));
    }

    int small() {
      return random.nextInt() >>> (1 + random.nextInt(31));
    }

    MemberId member() {
      return new MemberId(new NodeId(small()), new StoreIncarnation(random.nextLong()));
    }

    Payload payload() {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      return Payload.of(bytes);
    }

    List<Entry> entries(long prevIndex) {
      List<Entry> entries = new ArrayList<>();
      int count = random.nextInt(4);
      for (int i = 1; i <= count; i++) {
        Entry.Kind kind = List.of(Entry.Kind.values()).get(random.nextInt(3));
        entries.add(new Entry(prevIndex + i, 1 + number() / 2, kind, payload()));
      }
      return entries;
    }

    Membership membership() {
      List<MemberId> voters = new ArrayList<>();
      List<MemberId> observers = new ArrayList<>();
      for (int node = 0; node < random.nextInt(5); node++) {
        (random.nextBoolean() ? voters : observers)
            .add(new MemberId(new NodeId(node), new StoreIncarnation(random.nextLong())));
      }
      return new Membership(voters, observers);
    }

    Snapshot snapshot() {
      return random.nextInt(5) == 0
          ? Snapshot.NONE
          : new Snapshot(1 + number() / 2, 1 + number() / 2, membership(), payload());
    }

    RaftMessage message() {
      RaftMessage.Header header =
          new RaftMessage.Header(
              new GroupId(new UUID(random.nextLong(), random.nextLong())),
              member(),
              member(),
              number());
      long prevIndex = number() / 2;
      return switch (random.nextInt(12)) {
        case 0 ->
            new RaftMessage.RequestVote(
                header, random.nextBoolean(), random.nextBoolean(), number(), number());
        case 1 -> new RaftMessage.Vote(header, random.nextBoolean(), random.nextBoolean());
        case 2 ->
            new RaftMessage.AppendEntries(
                header, prevIndex, number(), number(), entries(prevIndex));
        case 3 -> new RaftMessage.AppendAck(header, number());
        case 4 -> new RaftMessage.AppendReject(header, number(), number(), number());
        case 5 -> new RaftMessage.Heartbeat(header, number(), number());
        case 6 -> new RaftMessage.HeartbeatAck(header, number());
        case 7 ->
            new RaftMessage.InstallSnapshot(
                header,
                number(),
                number(),
                membership(),
                small(),
                random.nextInt(),
                small(),
                payload());
        case 8 -> new RaftMessage.SnapshotProgress(header, number(), small());
        case 9 -> new RaftMessage.TimeoutNow(header);
        case 10 -> new RaftMessage.ReadRequest(header, random.nextLong());
        default -> new RaftMessage.ReadReply(header, random.nextLong(), number());
      };
    }

    List<DurableEvent> batch() {
      List<DurableEvent> events = new ArrayList<>();
      int count = random.nextInt(4);
      for (int i = 0; i < count; i++) {
        long prevIndex = number() / 2;
        events.add(
            switch (random.nextInt(4)) {
              case 0 ->
                  new DurableEvent.HardState(number(), random.nextBoolean() ? member() : null);
              case 1 -> new DurableEvent.Appended(prevIndex, entries(prevIndex));
              case 2 -> new DurableEvent.SnapshotInstalled(snapshot());
              default -> new DurableEvent.Compacted(snapshot(), number());
            });
      }
      return events;
    }
  }

  @Test
  void readsBackEveryMessageThatItWrites() {
    for (long seed = 1; seed <= RUNS; seed++) {
      RaftMessage message = new RandomRaft(seed).message();
      byte[] bytes = RaftCodec.encodeMessage(message);
      assertThat(RaftCodec.decodeMessage(bytes)).as("seed %s", seed).isEqualTo(message);
    }
  }

  @Test
  void readsBackEveryBatchThatItWrites() {
    for (long seed = 1; seed <= RUNS; seed++) {
      List<DurableEvent> batch = new RandomRaft(seed).batch();
      byte[] bytes = RaftCodec.encodeBatch(batch);
      assertThat(RaftCodec.decodeBatch(bytes)).as("seed %s", seed).isEqualTo(batch);
    }
  }

  @Test
  void readsBackADurableState() {
    DurableState state = new DurableState();
    Membership founders = Membership.ofVoters(List.of(TestGroup.id(1), TestGroup.id(2)));
    DurableState.founding(founders).forEach(state::apply);
    List<Entry> entries = new ArrayList<>();
    for (long i = 2; i <= 10; i++) {
      entries.add(new Entry(i, 3, Entry.Kind.COMMAND, TestGroup.bytes("c" + i)));
    }
    state.apply(new DurableEvent.HardState(4, TestGroup.id(2)));
    state.apply(new DurableEvent.Appended(1, entries));
    Snapshot snapshot = new Snapshot(8, 3, founders, TestGroup.bytes("state"));
    state.apply(new DurableEvent.Compacted(snapshot, 5));
    DurableState read = RaftCodec.decodeState(RaftCodec.encodeState(state));
    assertThat(read).hasToString(state.toString());
    assertThat(read.entries()).isEqualTo(state.entries()).hasSize(5);
    assertThat(read.votedFor()).isEqualTo(TestGroup.id(2));
    assertThat(read.snapshot()).isEqualTo(snapshot);
    assertThat(read.baseTerm()).isEqualTo(3);
  }

  @Test
  void anythingElseIsMalformedAndNothingWorse() {
    int refused = 0;
    for (long seed = 1; seed <= 4 * RUNS; seed++) {
      RandomRaft random = new RandomRaft(seed);
      boolean isMessage = random.random.nextBoolean();
      byte[] bytes =
          isMessage
              ? RaftCodec.encodeMessage(random.message())
              : RaftCodec.encodeBatch(random.batch());
      byte[] damaged = damage(bytes, random.random);
      try {
        if (isMessage) {
          RaftCodec.decodeMessage(damaged);
        } else {
          RaftCodec.decodeBatch(damaged);
        }
      } catch (MalformedRaft malformed) {
        refused++;
      } catch (RuntimeException | OutOfMemoryError other) {
        throw new AssertionError("seed " + seed, other);
      }
    }
    assertThat(refused).isGreaterThan(RUNS);
  }

  private static byte[] damage(byte[] bytes, Random random) {
    byte[] damaged = bytes.clone();
    switch (random.nextInt(3)) {
      case 0 -> damaged = Arrays.copyOf(damaged, random.nextInt(bytes.length));
      case 1 -> damaged = Arrays.copyOf(damaged, bytes.length + 1 + random.nextInt(5));
      default -> {
        for (int i = 0; i <= random.nextInt(4); i++) {
          damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
        }
      }
    }
    return damaged;
  }

  @Test
  void refusesAVersionThatItDoesNotKnow() {
    byte[] bytes = RaftCodec.encodeBatch(List.of(new DurableEvent.HardState(1, null)));
    bytes[0] = 2;
    assertThatThrownBy(() -> RaftCodec.decodeBatch(bytes))
        .isInstanceOf(MalformedRaft.class)
        .hasMessageContaining("version 2");
  }

  @Test
  void refusesACountThatTheBytesCannotHold() {
    byte[] bytes = HexFormat.of().parseHex("0101" + "02" + "00" + "ffffffff07");
    assertThatThrownBy(() -> RaftCodec.decodeBatch(bytes))
        .isInstanceOf(MalformedRaft.class)
        .hasMessageContaining("cannot be in the 0 bytes");
  }

  /// The bytes of version 1: what is stored and sent must not change unseen.
  @Test
  void theBytesOfVersionOneAreThese() {
    RaftMessage.Header header =
        new RaftMessage.Header(
            new GroupId(new UUID(0x0102030405060708L, 0x090A0B0C0D0E0F10L)),
            new MemberId(new NodeId(1), new StoreIncarnation(0x11)),
            new MemberId(new NodeId(300), new StoreIncarnation(0x22)),
            5);
    List<Entry> entries =
        List.of(
            new Entry(8, 4, Entry.Kind.NOOP, Payload.EMPTY),
            new Entry(9, 5, Entry.Kind.COMMAND, TestGroup.bytes("hi")));
    assertThat(
            hex(RaftCodec.encodeMessage(new RaftMessage.AppendEntries(header, 7, 4, 6, entries))))
        .isEqualTo(
            "0103"
                + "0102030405060708090a0b0c0d0e0f10"
                + "010000000000000011"
                + "ac020000000000000022"
                + "05"
                + "070406"
                + "02"
                + "040000"
                + "0502026869");
    assertThat(
            hex(
                RaftCodec.encodeBatch(
                    List.of(
                        new DurableEvent.HardState(200, header.from()),
                        new DurableEvent.Appended(7, entries),
                        new DurableEvent.Compacted(
                            new Snapshot(
                                6,
                                4,
                                Membership.ofVoters(List.of(header.from())),
                                TestGroup.bytes("s")),
                            5)))))
        .isEqualTo(
            "0103"
                + "01c80101010000000000000011"
                + "02070204000005020268"
                + "69"
                + "04060401010000000000000011"
                + "00"
                + "0173"
                + "05");
  }

  @Test
  void aFullMessageFitsAFrame() {
    RaftSettings settings = RaftSettings.DEFAULT;
    RaftLog log = new RaftLog(new DurableState());
    for (int i = 1; i <= 200_000; i++) {
      log.append(new Entry(i, Long.MAX_VALUE, Entry.Kind.COMMAND, Payload.EMPTY));
    }
    RaftMessage.Header header =
        new RaftMessage.Header(TestGroup.GROUP, TestGroup.id(1), TestGroup.id(2), Long.MAX_VALUE);
    List<Entry> tiny = log.entriesThatFit(1, settings.appendBytesMax());
    assertThat(encodedBytes(header, tiny)).isLessThan(192 * 1024);
    log = new RaftLog(new DurableState());
    Payload large = Payload.of(new byte[settings.commandBytesMax()]);
    log.append(new Entry(1, 1, Entry.Kind.COMMAND, large));
    log.append(new Entry(2, 1, Entry.Kind.COMMAND, large));
    List<Entry> one = log.entriesThatFit(1, settings.appendBytesMax());
    assertThat(one).hasSize(1);
    assertThat(encodedBytes(header, one)).isLessThan(192 * 1024);
  }

  private static int encodedBytes(RaftMessage.Header header, List<Entry> entries) {
    return RaftCodec.encodeMessage(
            new RaftMessage.AppendEntries(header, 0, Long.MAX_VALUE, Long.MAX_VALUE, entries))
        .length;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}

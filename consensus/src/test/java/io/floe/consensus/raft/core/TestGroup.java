package io.floe.consensus.raft.core;

import io.floe.model.NodeId;
import io.floe.model.StoreIncarnation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Cores on one desk: messages wait in one queue until they are delivered, disks write when they
/// are told to (or at once).
final class TestGroup {
  static final GroupId GROUP = new GroupId(new UUID(7, 7));
  static final RaftSettings SETTINGS = settings(1_000, 8);

  final TreeMap<Integer, TestMember> members = new TreeMap<>();
  final ArrayDeque<RaftMessage> network = new ArrayDeque<>();
  final List<String> trace = new ArrayList<>();

  /// Of the core that told the line of [#trace], when it did.
  final List<Long> lastIndexes = new ArrayList<>();

  Predicate<RaftMessage> isLost = message -> false;
  private final RaftSettings settings;

  TestGroup(int voters) {
    this(voters, SETTINGS);
  }

  TestGroup(int voters, RaftSettings settings) {
    this.settings = settings;
    Membership founders =
        Membership.ofVoters(IntStream.rangeClosed(1, voters).mapToObj(TestGroup::id).toList());
    for (int node = 1; node <= voters; node++) {
      DurableState disk = new DurableState();
      DurableState.founding(founders).forEach(disk::apply);
      members.put(node, new TestMember(id(node), disk));
    }
    members.values().forEach(TestMember::begin);
  }

  static RaftSettings settings(int appendBytesMax, int tailEntriesMax) {
    return new RaftSettings(
        10,
        2,
        appendBytesMax,
        4,
        100_000,
        500,
        4_000,
        5,
        10,
        1 << 20,
        3,
        tailEntriesMax,
        100_000,
        3);
  }

  static MemberId id(int node) {
    return new MemberId(new NodeId(node), new StoreIncarnation(100 + node));
  }

  static Payload bytes(String text) {
    return Payload.of(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  TestMember get(int node) {
    return Objects.requireNonNull(members.get(node));
  }

  /// A node that knows nothing.
  TestMember addEmpty(MemberId id) {
    TestMember member = new TestMember(id, new DurableState());
    members.put(id.node().value(), member);
    member.begin();
    return member;
  }

  /// Delivers and writes until nothing is left to do.
  void settle() {
    for (int i = 0; i < 100_000; i++) {
      RaftMessage message = network.poll();
      if (message != null) {
        deliver(message);
      } else if (members.values().stream().noneMatch(TestMember::writeIfReady)) {
        return;
      }
    }
    throw new AssertionError("does not settle");
  }

  void deliver(RaftMessage message) {
    TestMember to = members.get(message.header().to().node().value());
    if (to != null && to.isUp && !isLost.test(message)) {
      to.step(new RaftEvent.Received(message));
    }
  }

  /// Lets one tick go by for all, and what follows from it.
  void tick() {
    members.values().forEach(TestMember::tick);
    settle();
  }

  void ticks(int count) {
    for (int i = 0; i < count; i++) {
      tick();
    }
  }

  TestMember elect(int node) {
    TestMember member = get(node);
    for (int i = 0; i < 100 && member.core.role() != RaftRole.LEADER; i++) {
      member.tick();
      settle();
    }
    if (member.core.role() != RaftRole.LEADER) {
      throw new AssertionError(node + " is not elected: " + member.core);
    }
    return member;
  }

  /// Takes what waits in the network for `to` and is of one type.
  <T extends RaftMessage> List<T> take(Class<T> type, int to) {
    List<T> taken = new ArrayList<>();
    network.removeIf(
        message -> {
          boolean isTaken = type.isInstance(message) && message.header().to().equals(id(to));
          if (isTaken) {
            taken.add(type.cast(message));
          }
          return isTaken;
        });
    return taken;
  }

  RaftMessage.Header header(int from, int to, long term) {
    return new RaftMessage.Header(GROUP, id(from), id(to), term);
  }

  final class TestMember {
    final MemberId id;
    DurableState disk;
    RaftCore core;
    boolean isUp = true;
    boolean isDiskSlow;
    final ArrayDeque<RaftEffect.Persist> writing = new ArrayDeque<>();
    final List<RaftEffect> effects = new ArrayList<>();
    final List<Entry> applied = new ArrayList<>();
    final List<Snapshot> restored = new ArrayList<>();
    final TreeMap<Long, Outcome> answers = new TreeMap<>();
    private long lives;

    TestMember(MemberId id, DurableState disk) {
      this.id = id;
      this.disk = disk;
      core = newCore();
    }

    private RaftCore newCore() {
      long seed = 1_000L * id.node().value() + ++lives;
      return new RaftCore(
          GROUP,
          id,
          settings,
          disk.copy(),
          seed,
          (action, core, detail) -> {
            trace.add(core.self().node() + " " + action + " " + detail);
            lastIndexes.add(core.lastIndex());
          });
    }

    void begin() {
      carryOut(core.start());
    }

    /// Ends without warning and begins with what is on disk.
    void restart() {
      writing.clear();
      applied.clear();
      core = newCore();
      isUp = true;
      begin();
    }

    void tick() {
      if (isUp) {
        step(new RaftEvent.Tick());
      }
    }

    List<RaftEffect> step(RaftEvent event) {
      List<RaftEffect> now = core.step(event);
      carryOut(now);
      return now;
    }

    @Nullable Outcome propose(long token, String command) {
      step(new RaftEvent.Propose(token, bytes(command)));
      return answers.get(token);
    }

    @Nullable Outcome change(long token, MembershipChange change) {
      step(new RaftEvent.ChangeMembership(token, change));
      return answers.get(token);
    }

    private void carryOut(List<RaftEffect> now) {
      effects.addAll(now);
      for (RaftEffect effect : now) {
        switch (effect) {
          case RaftEffect.Persist persist -> {
            if (!writing.isEmpty()) {
              throw new AssertionError("two writes at a time");
            }
            writing.add(persist);
          }
          case RaftEffect.Send send -> network.add(send.message());
          case RaftEffect.Restore restore -> {
            applied.clear();
            restored.add(restore.snapshot());
          }
          case RaftEffect.Apply apply -> applied.addAll(apply.entries());
          case RaftEffect.Answered answered -> {
            if (answers.put(answered.token(), answered.outcome()) != null) {
              throw new AssertionError("answered twice: " + answered);
            }
          }
          case RaftEffect.LeadershipChanged changed -> {}
          case RaftEffect.MembershipChanged changed -> {}
        }
      }
    }

    boolean writeIfReady() {
      return isUp && !isDiskSlow && write();
    }

    /// Ends the write that is under way, if there is one.
    boolean write() {
      RaftEffect.Persist persist = writing.poll();
      if (persist == null) {
        return false;
      }
      persist.events().forEach(disk::apply);
      step(new RaftEvent.Persisted(persist.batchId()));
      return true;
    }

    void snapshot() {
      long index = core.appliedIndex();
      step(new RaftEvent.SnapshotTaken(index, bytes("the state at " + index)));
    }

    List<String> commands() {
      return applied.stream()
          .filter(entry -> entry.kind() == Entry.Kind.COMMAND)
          .map(
              entry -> new String(entry.payload().bytes(), java.nio.charset.StandardCharsets.UTF_8))
          .toList();
    }
  }
}

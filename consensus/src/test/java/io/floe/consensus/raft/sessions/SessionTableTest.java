package io.floe.consensus.raft.sessions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.consensus.BrokenInvariant;
import io.floe.consensus.raft.core.MalformedRaft;
import io.floe.consensus.raft.core.Payload;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionTableTest {
  private final SessionTable table = new SessionTable(3, 2);
  private final List<String> executed = new ArrayList<>();
  private long index;

  private static Payload bytes(String text) {
    return Payload.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private Payload machine(Payload command) {
    String text = new String(command.bytes(), StandardCharsets.UTF_8);
    executed.add(text);
    return bytes("result of " + text);
  }

  private long open() {
    SessionResult result = table.apply(++index, new SessionCommand.Open(), this::machine);
    return ((SessionResult.Opened) result).session();
  }

  private SessionResult execute(long session, long sequence, long answeredBelow, String command) {
    return table.apply(
        ++index,
        new SessionCommand.Execute(session, sequence, answeredBelow, bytes(command)),
        this::machine);
  }

  private static SessionResult done(String command, boolean isDuplicate) {
    return new SessionResult.Done(bytes("result of " + command), isDuplicate);
  }

  @Test
  void executesACommandOnceHoweverOftenItComes() {
    long session = open();
    assertThat(execute(session, 1, 1, "a")).isEqualTo(done("a", false));
    assertThat(execute(session, 1, 1, "a")).isEqualTo(done("a", true));
    assertThat(execute(session, 2, 1, "b")).isEqualTo(done("b", false));
    assertThat(execute(session, 1, 1, "a")).isEqualTo(done("a", true));
    assertThat(executed).containsExactly("a", "b");
  }

  @Test
  void commandsOfOneSessionMayOvertakeEachOther() {
    long session = open();
    assertThat(execute(session, 2, 1, "b")).isEqualTo(done("b", false));
    assertThat(execute(session, 1, 1, "a")).isEqualTo(done("a", false));
    assertThat(execute(session, 2, 1, "b")).isEqualTo(done("b", true));
  }

  @Test
  void doesNotExecuteWhatTheClientGaveUp() {
    long session = open();
    execute(session, 1, 1, "a");
    execute(session, 3, 3, "c");
    assertThat(execute(session, 2, 2, "b")).isEqualTo(new SessionResult.Stale());
    assertThat(execute(session, 1, 1, "a")).isEqualTo(new SessionResult.Stale());
    assertThat(executed).containsExactly("a", "c");
  }

  @Test
  void refusesMoreAnswersThanItKeeps() {
    long session = open();
    execute(session, 1, 1, "a");
    execute(session, 2, 1, "b");
    assertThat(execute(session, 3, 1, "c")).isEqualTo(new SessionResult.Full());
    assertThat(execute(session, 3, 2, "c")).isEqualTo(done("c", false));
  }

  @Test
  void forgetsTheSessionWhoseLastUseIsOldestAndNeverExecutesItsCommandsAgain() {
    long first = open();
    long second = open();
    long third = open();
    execute(first, 1, 1, "a");
    open();
    assertThat(table.size()).isEqualTo(3);
    assertThat(execute(second, 1, 1, "b")).isEqualTo(new SessionResult.Expired());
    assertThat(execute(first, 1, 1, "a")).isEqualTo(done("a", true));
    assertThat(execute(third, 1, 1, "c")).isEqualTo(done("c", false));
    assertThat(executed).containsExactly("a", "c");
  }

  @Test
  void refusesASessionThatWasNeverOpened() {
    assertThat(execute(77, 1, 1, "a")).isEqualTo(new SessionResult.Expired());
  }

  @Test
  void isWholeInASnapshot() {
    long first = open();
    long second = open();
    execute(first, 1, 1, "a");
    execute(second, 5, 4, "b");
    execute(second, 4, 4, "c");
    Payload encoded = table.encode();
    SessionTable restored = new SessionTable(3, 2);
    restored.restore(encoded);
    assertThat(restored.encode()).isEqualTo(encoded);
    SessionCommand again = new SessionCommand.Execute(second, 5, 4, bytes("b"));
    SessionCommand stale = new SessionCommand.Execute(second, 3, 3, bytes("z"));
    for (SessionTable each : List.of(table, restored)) {
      assertThat(each.apply(100, again, this::machine)).isEqualTo(done("b", true));
      assertThat(each.apply(101, stale, this::machine)).isEqualTo(new SessionResult.Stale());
      each.apply(102, new SessionCommand.Open(), this::machine);
      each.apply(103, new SessionCommand.Open(), this::machine);
    }
    assertThat(restored.encode()).isEqualTo(table.encode());
  }

  @Test
  void entriesComeInTheirOrder() {
    open();
    assertThatThrownBy(() -> table.apply(1, new SessionCommand.Open(), this::machine))
        .isInstanceOf(BrokenInvariant.class);
  }

  @Test
  void readsItsCommandsBackAndRefusesOthers() {
    SessionCommand execute = new SessionCommand.Execute(300, 9, 2, bytes("x"));
    assertThat(SessionCommand.decode(execute.encode())).isEqualTo(execute);
    assertThat(SessionCommand.decode(new SessionCommand.Open().encode()))
        .isEqualTo(new SessionCommand.Open());
    for (String bad : List.of("", "\1", "\1\3", "\2\1", "\1\2\1\1\2\0", "\1\1\1")) {
      assertThatThrownBy(() -> SessionCommand.decode(bytes(bad))).isInstanceOf(MalformedRaft.class);
    }
    assertThatThrownBy(() -> table.restore(bytes("\1\2\5\5\0\0\5\6\0\0")))
        .isInstanceOf(MalformedRaft.class);
    assertThat(table.size()).isZero();
  }
}

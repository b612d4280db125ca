package io.floe.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetadataRaftSpecTest {
  private static final int HEAP_MEGABYTES = 2048;

  private Tlc tlc;

  @BeforeAll
  void openTlc() {
    tlc = new Tlc(HEAP_MEGABYTES, line -> {});
  }

  @AfterAll
  void closeTlc() {
    tlc.close();
  }

  /// The second number keeps a configuration from becoming empty unnoticed.
  @ParameterizedTest
  @CsvSource({
    "Election, 5000",
    "Crash, 1000",
    "Sessions, 1000",
    "Membership, 1000",
    "Wipe, 1000",
    "Snapshots, 1000",
    "Read, 1000",
  })
  void holdsInEverySmallConfiguration(String configuration, long statesAtLeast) {
    TlcResult result = tlc.checkMetadata("small/" + configuration + ".cfg");
    System.out.println("RESULT spec " + configuration + ": " + result.summary());
    assertThat(result.isClean()).as(result.output()).isTrue();
    assertThat(result.distinctStates()).isGreaterThan(statesAtLeast);
  }

  @ParameterizedTest
  @CsvSource({
    "VoteNotPersisted, ElectionSafety",
    "AckBeforeSync, CommittedNeverLost",
    "RequestBeforeSync, LeaderCompleteness",
    "AckUnverified, CommittedNeverLost",
    "CommitOlderTerm, LeaderCompleteness",
    "TruncateAlways, CommittedNeverLost",
    "ObserverCounts, LeaderCompleteness",
    "WipedKeepsIncarnation, LeaderCompleteness",
    "IncarnationIgnored, LeaderCompleteness",
    "EmptySeedFounds, LogMatching",
    "SecondChangePending, LeaderCompleteness",
    "ChangeBeforeOwnCommit, LeaderCompleteness",
    "NoDedupe, ExactlyOnce",
    "ConditionOnlyAtTheEdge, ConditionsHold",
    "ReadWithoutQuorum, ReadsLinearizable",
    "ReadBeforeOwnCommit, ReadsLinearizable",
    "SnapshotForgetsEntry, StateMachineSafety",
    "SnapshotForgetsSessions, StateMachineSafety",
    "SnapshotForgetsConfig, StateMachineSafety",
    "SnapshotRewinds, CommittedNeverLost",
  })
  void rejectsEachPlantedBug(String mutation, String invariant) {
    TlcResult result = tlc.checkMetadata("mutations/" + mutation + ".cfg");
    assertThat(result.violated()).as(result.output()).isEqualTo(invariant);
  }

  @Test
  void plantsEveryBugThatTheSpecificationKnows() throws IOException, URISyntaxException {
    Path files = Path.of(Objects.requireNonNull(getClass().getResource("/tla/mutations")).toURI());
    List<String> configured;
    try (Stream<Path> list = Files.list(files)) {
      configured =
          list.map(file -> file.getFileName().toString().replace(".cfg", "")).sorted().toList();
    }
    String module = Files.readString(files.resolveSibling("MetadataRaft.tla"));
    List<String> known =
        Pattern.compile("Mutation (?:=|#) \"(\\w+)\"")
            .matcher(module)
            .results()
            .map(match -> match.group(1))
            .distinct()
            .sorted()
            .toList();
    assertThat(configured).isEqualTo(known);
  }
}

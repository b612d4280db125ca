package io.floe.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.io.Serial;
import java.nio.file.Path;
import java.util.List;
import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Pekko's own compatibility kit, with every optional capability on.
class JournalTckTest {
  @TempDir private static Path directory;

  @TestFactory
  List<DynamicTest> journalKeepsPekkosContract() {
    List<DynamicTest> tests =
        ScalaTestRunner.run(new JournalSpec(TestConfig.of(directory.resolve("tck-journal"))));
    assertThat(tests).hasSize(17);
    return tests;
  }

  @TestFactory
  List<DynamicTest> snapshotStoreKeepsPekkosContract() {
    List<DynamicTest> tests =
        ScalaTestRunner.run(new SnapshotSpec(TestConfig.of(directory.resolve("tck-snapshots"))));
    assertThat(tests).hasSizeGreaterThanOrEqualTo(12);
    return tests;
  }

  static final class JournalSpec extends JavaJournalSpec {
    @Serial private static final long serialVersionUID = 1;

    JournalSpec(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsRejectingNonSerializableObjects() {
      return CapabilityFlag.on();
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.on();
    }
  }

  static final class SnapshotSpec extends JavaSnapshotStoreSpec {
    @Serial private static final long serialVersionUID = 1;

    SnapshotSpec(Config config) {
      super(config);
    }

    @Override
    public CapabilityFlag supportsMetadata() {
      return CapabilityFlag.on();
    }
  }
}

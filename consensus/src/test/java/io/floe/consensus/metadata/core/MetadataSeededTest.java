package io.floe.consensus.metadata.core;

import static io.floe.consensus.metadata.core.MetadataFixture.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Long histories of drawn commands: every step keeps the invariants, every event and every state
/// survives its stored form. Rerun one by its seed, which every failure names.
class MetadataSeededTest {
  private static final int SEEDS = 20;
  private static final int COMMANDS = 300;
  private static final int CHECK_STATE_EVERY = 7;

  /// Bytes of a state: equal states have equal ones.
  private static List<String> stored(MetadataState state) {
    List<String> chunks = new ArrayList<>();
    MetadataSnapshot.write(state, chunk -> chunks.add(Arrays.toString(chunk)));
    return chunks;
  }

  @Test
  void everyStepKeepsTheInvariantsAndEveryEventSurvivesItsStoredForm() {
    TreeSet<String> eventKinds = new TreeSet<>();
    TreeSet<Refusal.Reason> refusals = new TreeSet<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      try {
        run(seed, eventKinds, refusals);
      } catch (RuntimeException | AssertionError failure) {
        throw new AssertionError("seed " + seed, failure);
      }
    }
    // A history that never does something proves nothing about it.
    assertThat(eventKinds).hasSize(MetadataEvent.class.getPermittedSubclasses().length);
    assertThat(refusals)
        .contains(
            Refusal.Reason.CONFLICT,
            Refusal.Reason.UNKNOWN_NODE,
            Refusal.Reason.UNKNOWN_TOPIC,
            Refusal.Reason.TOPIC_EXISTS,
            Refusal.Reason.INVALID_NAME);
  }

  private static void run(long seed, Set<String> eventKinds, Set<Refusal.Reason> refusals) {
    RandomMetadata commands = new RandomMetadata(seed);
    MetadataState state = MetadataState.EMPTY;
    MetadataState replayed = MetadataState.EMPTY;
    List<MetadataCommand> first =
        List.of(
            new MetadataCommand.FoundCluster("c"),
            new MetadataCommand.RegisterNode(node(0, 100, 1)),
            new MetadataCommand.RegisterNode(node(1, 101, 1)),
            new MetadataCommand.RegisterNode(node(2, 102, 1)));
    for (int i = 0; i < COMMANDS; i++) {
      MetadataCommand command = i < first.size() ? first.get(i) : commands.next(state);
      assertThat(CommandCodec.decode(CommandCodec.encode(command))).isEqualTo(command);
      switch (MetadataMachine.decide(state, command)) {
        case Decision.Refused refused -> refusals.add(refused.refusal().reason());
        case Decision.Accepted accepted -> {
          for (MetadataEvent event : accepted.events()) {
            eventKinds.add(event.getClass().getSimpleName());
            MetadataState next = MetadataMachine.apply(state, event);
            MetadataInvariants.checkStep(state, next);
            if (next.version() % CHECK_STATE_EVERY == 0) {
              MetadataInvariants.checkState(next);
            }
            state = next;
            MetadataEvent decoded = MetadataCodec.decode(MetadataCodec.encode(event));
            assertThat(decoded).isEqualTo(event);
            replayed = MetadataMachine.apply(replayed, decoded);
          }
        }
      }
    }
    MetadataInvariants.checkState(state);
    assertThat(stored(replayed)).isEqualTo(stored(state));
    MetadataSnapshot.Assembler assembler = new MetadataSnapshot.Assembler();
    MetadataSnapshot.write(state, assembler::add);
    MetadataState restored = assembler.done();
    assertThat(stored(restored)).isEqualTo(stored(state));
    assertThat(List.copyOf(restored.topics())).isEqualTo(List.copyOf(state.topics()));
  }

  @Test
  void damagedBytesAreRefusedAndNeverFatal() {
    long seed = 99;
    Random random = new Random(seed);
    MetadataFixture cluster = MetadataFixture.ofNodes(3);
    TreeMap<String, String> configs = new TreeMap<>();
    configs.put("segment.ms", "5000");
    cluster.createTopic(1, "t", 3, 3, configs);
    byte[] good = MetadataCodec.encode(cluster.events.getLast());
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bad = Arrays.copyOf(good, random.nextInt(good.length) + 1);
      bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      try {
        MetadataCodec.decode(bad);
      } catch (MalformedMetadata expected) {
        refused++;
      }
    }
    assertThat(refused).as("seed %s", seed).isGreaterThan(15_000);
  }

  @Test
  void damagedCommandsAndResultsAreRefusedAndNeverFatal() {
    Random random = new Random(98);
    RandomMetadata commands = new RandomMetadata(7);
    MetadataFixture cluster = MetadataFixture.ofNodes(3);
    cluster.createTopic(1, "t", 3, 3);
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] good = CommandCodec.encode(commands.next(cluster.state));
      byte[] bad = Arrays.copyOf(good, random.nextInt(good.length) + 1);
      bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      try {
        CommandCodec.decode(bad);
      } catch (MalformedMetadata expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(3_000);
    for (CommandResult result :
        List.of(
            new CommandResult.Applied(7),
            new CommandResult.Refused(new Refusal(Refusal.Reason.TOPIC_EXISTS, "there")))) {
      assertThat(CommandCodec.decodeResult(CommandCodec.encodeResult(result))).isEqualTo(result);
    }
    assertThatThrownBy(() -> CommandCodec.decodeResult(new byte[] {1, 99}))
        .isInstanceOf(MalformedMetadata.class);
  }

  @Test
  void missingOrRepeatedChunksAreRefused() {
    MetadataFixture cluster = MetadataFixture.ofNodes(3);
    for (int i = 0; i < 5; i++) {
      cluster.createTopic(i, "t" + i, 500, 3);
    }
    List<byte[]> chunks = new ArrayList<>();
    MetadataSnapshot.write(cluster.state, chunks::add);
    assertThat(chunks).hasSizeGreaterThan(3);
    assertThat(chunks).allMatch(chunk -> chunk.length < (64 << 10) + 1_000);
    for (int missing = 0; missing < chunks.size(); missing++) {
      List<byte[]> less = new ArrayList<>(chunks);
      less.remove(missing);
      assertThatThrownBy(() -> assemble(less)).isInstanceOf(MalformedMetadata.class);
      List<byte[]> more = new ArrayList<>(chunks);
      more.add(missing, chunks.get(missing));
      assertThatThrownBy(() -> assemble(more)).isInstanceOf(MalformedMetadata.class);
    }
  }

  private static void assemble(List<byte[]> chunks) {
    MetadataSnapshot.Assembler assembler = new MetadataSnapshot.Assembler();
    chunks.forEach(assembler::add);
    assembler.done();
  }
}

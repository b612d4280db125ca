package io.floe.consensus;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class CoreIsPureTest {
  private static final JavaClasses CONSENSUS =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.floe.consensus", "io.floe.model");

  @Test
  void coresKnowNoActorsFilesClocksThreadsDrawsOrLogs() {
    noClasses()
        .that()
        .resideInAPackage("io.floe.consensus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.pekko..",
            "java.io..",
            "java.nio.file..",
            "java.nio.channels..",
            "java.net..",
            "java.time..",
            "java.util.concurrent..",
            "java.util.random..",
            "org.slf4j..",
            "java.util.logging..")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.lang\\.(Thread|ThreadLocal|Process|Runtime)|java\\.util\\.(Random|Timer|Date)")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(java.util.UUID.class, "randomUUID")
        .check(CONSENSUS);
  }

  @Test
  void consensusSeesOnlyTheModel() {
    classes()
        .that()
        .resideInAPackage("io.floe.consensus..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.jspecify..",
            "org.pcollections..",
            "io.floe.model..",
            "io.floe.consensus..")
        .check(CONSENSUS);
  }
}

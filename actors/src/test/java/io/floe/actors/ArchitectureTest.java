package io.floe.actors;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.floe");

  @Test
  void actorsKnowNeitherKafkaNorAeron() {
    noClasses()
        .that()
        .resideInAPackage("io.floe.actors..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.kafka..", "io.aeron..", "io.floe.gateway..")
        .check(CLASSES);
  }

  @Test
  void nothingBelowKnowsTheActors() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.floe.model..", "io.floe.storage..", "io.floe.consensus..", "io.floe.journal..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.floe.actors..")
        .check(CLASSES);
  }

  @Test
  void coresAndStoreAreFreeOfPekko() {
    noClasses()
        .that()
        .resideInAnyPackage("io.floe.model..", "io.floe.storage..", "io.floe.consensus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.pekko..", "scala..")
        .check(CLASSES);
  }

  @Test
  void edgesReachTheLogThroughItsInterfaces() {
    noClasses()
        .that()
        .resideInAPackage("io.floe.actors.log..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.floe.actors.node..", "io.floe.actors.partition..", "org.apache.pekko..")
        .check(CLASSES);
  }
}

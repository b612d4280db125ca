package io.floe.storage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class StorageBoundariesTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.floe.storage");

  @Test
  void knowsNoActorsNoKafkaAndNoNetwork() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.pekko..", "org.apache.kafka..", "io.aeron..", "io.floe.consensus..")
        .check(CLASSES);
  }

  @Test
  void callsForeignFunctionsInOnePackageOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.floe.storage.io.uring..")
        .and()
        // One question to the kernel, which both implementations ask.
        .doNotHaveFullyQualifiedName("io.floe.storage.io.DirectProbe")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.SymbolLookup")
        .check(CLASSES);
  }
}

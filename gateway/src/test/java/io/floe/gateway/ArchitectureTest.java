package io.floe.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/// Kafka's classes stay in this module: they are internal API of another project and move with each
/// of its releases.
final class ArchitectureTest {
  private static final String KAFKA = "org.apache.kafka..";

  private static final JavaClasses FLOE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.floe");

  @Test
  void onlyTheGatewayUsesKafkaClasses() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.floe.gateway..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(KAFKA)
        .check(FLOE);
  }

  @Test
  void onlyTheErrorTableAndRequestsKnowErrorCodes() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.floe.gateway.kafka..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("org.apache.kafka.common.protocol.Errors")
        .check(FLOE);
  }

  @Test
  void toolsShowNoKafkaTypes() {
    ArchRuleDefinition.classes()
        .that()
        .resideInAnyPackage("io.floe.gateway.tool..", "io.floe.gateway")
        .and()
        .arePublic()
        .should(showNoKafkaTypes())
        .check(FLOE);
  }

  private static ArchCondition<JavaClass> showNoKafkaTypes() {
    return new ArchCondition<>("show no Kafka types in public members") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (JavaMember member : type.getMembers()) {
          if (member.getModifiers().contains(JavaModifier.PUBLIC)
              && member.getDescription().contains("org.apache.kafka")) {
            events.add(SimpleConditionEvent.violated(member, member.getDescription()));
          }
        }
      }
    };
  }
}

package io.floe.gateway.kafka;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.floe.gateway.GatewayFixture;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Kafka's own admin client against the gateway.
@Timeout(60)
final class AdminClientTest {
  private GatewayFixture fixture;
  private Admin admin;

  @BeforeEach
  void start() throws Exception {
    fixture = GatewayFixture.start();
    admin = Admin.create(fixture.client());
  }

  @AfterEach
  void stop() {
    admin.close();
    fixture.close();
  }

  private static void assertFails(Class<? extends Exception> kind, KafkaFuture<?> future) {
    assertThatThrownBy(future::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(kind)
        .cause()
        // Clear words, not only a code.
        .satisfies(cause -> assertThat(cause.getMessage()).isNotBlank());
  }

  private KafkaFuture<Void> create(NewTopic topic) {
    return admin.createTopics(List.of(topic)).all();
  }

  private static NewTopic topic(String name, int partitions, int replicas) {
    return new NewTopic(name, partitions, (short) replicas);
  }

  @Test
  void createsTopicWithDefaultsAndSaysWhatItMade() throws Exception {
    CreateTopicsResult result =
        admin.createTopics(
            List.of(
                new NewTopic("t", Optional.empty(), Optional.empty())
                    .configs(Map.of("retention.ms", "1000"))));
    assertThat(result.numPartitions("t").get()).isEqualTo(1);
    // The default is 3, there is one node.
    assertThat(result.replicationFactor("t").get()).isEqualTo(1);
    assertThat(result.topicId("t").get()).isEqualTo(Topology.uuid(fixture.log.topic("t").id()));
    ConfigEntry retention = result.config("t").get().get("retention.ms");
    assertThat(retention.value()).isEqualTo("1000");
    assertThat(retention.isDefault()).isFalse();
    assertThat(admin.listTopics().names().get()).containsExactly("t");
  }

  @Test
  void refusesTopicsThatCannotBe() throws Exception {
    create(topic("t", 1, 1)).get();
    assertFails(TopicExistsException.class, create(topic("t", 1, 1)));
    assertFails(InvalidTopicException.class, create(topic("no spaces", 1, 1)));
    assertFails(InvalidPartitionsException.class, create(topic("u", 0, 1)));
    assertFails(InvalidReplicationFactorException.class, create(topic("u", 1, 0)));
    assertFails(
        InvalidReplicaAssignmentException.class, create(new NewTopic("u", Map.of(0, List.of(7)))));
    assertFails(
        InvalidConfigurationException.class,
        create(topic("u", 1, 1).configs(Map.of("no.such.config", "1"))));
    assertFails(
        InvalidConfigurationException.class,
        create(topic("u", 1, 1).configs(Map.of("retention.ms", "soon"))));
    assertThat(fixture.log.metadata().topicCount()).isEqualTo(1);
  }

  @Test
  void validatesOnlyWhenAskedTo() throws Exception {
    CreateTopicsOptions only = new CreateTopicsOptions().validateOnly(true);
    admin.createTopics(List.of(topic("t", 3, 1)), only).all().get();
    assertThat(fixture.log.metadata().topicCount()).isZero();
    create(topic("t", 3, 1)).get();
    assertFails(
        TopicExistsException.class, admin.createTopics(List.of(topic("t", 3, 1)), only).all());
    admin
        .createPartitions(
            Map.of("t", NewPartitions.increaseTo(9)),
            new CreatePartitionsOptions().validateOnly(true))
        .all()
        .get();
    assertThat(fixture.log.topic("t").partitions()).hasSize(3);
  }

  @Test
  void deletesByNameAndById() throws Exception {
    create(topic("a", 1, 1)).get();
    create(topic("b", 1, 1)).get();
    Uuid id = Topology.uuid(fixture.log.topic("b").id());
    admin.deleteTopics(List.of("a")).all().get();
    admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
    assertThat(fixture.log.metadata().topicCount()).isZero();
    assertFails(UnknownTopicOrPartitionException.class, admin.deleteTopics(List.of("a")).all());
    assertFails(
        UnknownTopicIdException.class,
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all());
  }

  @Test
  void addsPartitionsAndNeverTakesAny() throws Exception {
    create(topic("t", 2, 1)).get();
    admin.createPartitions(Map.of("t", NewPartitions.increaseTo(5))).all().get();
    TopicDescription described =
        requireNonNull(admin.describeTopics(List.of("t")).allTopicNames().get().get("t"));
    assertThat(described.partitions()).hasSize(5);
    assertFails(
        InvalidPartitionsException.class,
        admin.createPartitions(Map.of("t", NewPartitions.increaseTo(5))).all());
    assertFails(
        InvalidPartitionsException.class,
        admin.createPartitions(Map.of("t", NewPartitions.increaseTo(1))).all());
    assertFails(
        UnknownTopicOrPartitionException.class,
        admin.createPartitions(Map.of("none", NewPartitions.increaseTo(5))).all());
    assertFails(
        InvalidReplicaAssignmentException.class,
        admin
            .createPartitions(Map.of("t", NewPartitions.increaseTo(6, List.of(List.of(7)))))
            .all());
  }

  private Config describe(ConfigResource resource) throws Exception {
    return requireNonNull(
        admin
            .describeConfigs(
                List.of(resource),
                new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true))
            .all()
            .get()
            .get(resource));
  }

  @Test
  void describesEveryTopicConfigWithItsSourceAndMeaning() throws Exception {
    create(topic("t", 1, 1).configs(Map.of("retention.ms", "1000"))).get();
    Config config = describe(new ConfigResource(ConfigResource.Type.TOPIC, "t"));
    assertThat(config.entries().size()).isGreaterThan(10);
    ConfigEntry set = config.get("retention.ms");
    assertThat(set.source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
    assertThat(set.synonyms()).hasSize(2);
    assertThat(set.type()).isEqualTo(ConfigEntry.ConfigType.LONG);
    assertThat(set.documentation()).isNotBlank();
    // Kafka Connect checks this one by its default.
    assertThat(config.get("cleanup.policy").value()).isEqualTo("delete");
    assertThat(config.get("cleanup.policy").isDefault()).isTrue();
  }

  @Test
  void showsDamagedSegmentsAndTheWishedReplicas() throws Exception {
    create(topic("t", 2, 3)).get();
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "t");
    assertThat(describe(resource).get("floe.replicas.wished").value()).isEqualTo("3");
    assertThat(describe(resource).get("floe.damaged.segments").value()).isEmpty();
    fixture.log.sealDamaged("t", 1, 7);
    ConfigEntry damaged = describe(resource).get("floe.damaged.segments");
    assertThat(damaged.value()).isEqualTo("partition 1 segment 2 within offsets 0 to 6");
    assertThat(damaged.isReadOnly()).isTrue();
    assertFails(
        InvalidConfigurationException.class,
        alter("t", op(AlterConfigOp.OpType.SET, "floe.replicas.wished", "1")));
  }

  @Test
  void describesThisNodesSettingsAndNoOtherNodes() throws Exception {
    Config config = describe(new ConfigResource(ConfigResource.Type.BROKER, "7"));
    assertThat(config.get("auto.create.topics.enable").value()).isEqualTo("true");
    assertThat(config.entries()).allMatch(ConfigEntry::isReadOnly);
    assertThat(describe(new ConfigResource(ConfigResource.Type.BROKER, "")).entries()).isEmpty();
  }

  private KafkaFuture<Void> alter(String topic, AlterConfigOp... operations) {
    return admin
        .incrementalAlterConfigs(
            Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(operations)))
        .all();
  }

  private static AlterConfigOp op(AlterConfigOp.OpType type, String name, String value) {
    return new AlterConfigOp(new ConfigEntry(name, value), type);
  }

  @Test
  void setsUnsetsAppendsAndSubtractsConfigs() throws Exception {
    create(topic("t", 1, 1)).get();
    alter(
            "t",
            op(AlterConfigOp.OpType.SET, "retention.ms", "77"),
            op(AlterConfigOp.OpType.APPEND, "cleanup.policy", "compact"))
        .get();
    assertThat(fixture.log.topic("t").configs())
        .containsEntry("retention.ms", "77")
        .containsEntry("cleanup.policy", "delete,compact");
    alter(
            "t",
            op(AlterConfigOp.OpType.DELETE, "retention.ms", ""),
            op(AlterConfigOp.OpType.SUBTRACT, "cleanup.policy", "delete"))
        .get();
    assertThat(fixture.log.topic("t").configs())
        .doesNotContainKey("retention.ms")
        .containsEntry("cleanup.policy", "compact");
  }

  @Test
  void refusesConfigChangesThatCannotBe() throws Exception {
    create(topic("t", 1, 1)).get();
    assertFails(
        InvalidConfigurationException.class,
        alter("t", op(AlterConfigOp.OpType.SET, "no.such.config", "1")));
    assertFails(
        InvalidConfigurationException.class,
        alter("t", op(AlterConfigOp.OpType.SET, "retention.ms", "soon")));
    assertFails(
        InvalidConfigurationException.class,
        alter("t", op(AlterConfigOp.OpType.APPEND, "retention.ms", "1")));
    assertFails(
        InvalidRequestException.class,
        alter(
            "t",
            op(AlterConfigOp.OpType.SET, "retention.ms", "1"),
            op(AlterConfigOp.OpType.DELETE, "retention.ms", "")));
    assertFails(
        UnknownTopicOrPartitionException.class,
        alter("none", op(AlterConfigOp.OpType.SET, "retention.ms", "1")));
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "t");
    admin
        .incrementalAlterConfigs(
            Map.of(resource, List.of(op(AlterConfigOp.OpType.SET, "retention.ms", "5"))),
            new AlterConfigsOptions().validateOnly(true))
        .all()
        .get();
    assertThat(fixture.log.topic("t").configs()).isEmpty();
    assertFails(
        InvalidRequestException.class,
        admin
            .incrementalAlterConfigs(
                Map.of(
                    new ConfigResource(ConfigResource.Type.BROKER, "7"),
                    List.of(op(AlterConfigOp.OpType.SET, "num.partitions", "5"))))
            .all());
  }

  @Test
  void describesTheCluster() throws Exception {
    assertThat(admin.describeCluster().clusterId().get()).isEqualTo("test-cluster");
    assertThat(admin.describeCluster().controller().get().id()).isEqualTo(7);
    assertThat(admin.describeCluster().nodes().get()).hasSize(1);
  }
}

package io.floe.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.floe.gateway.GatewayFixture;
import io.floe.model.NodeId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.UnregisterBrokerRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.AbstractResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every advertised version of every request goes over the wire, is handled and comes back without
/// an error. A field set at a version that does not have it would close the connection.
@Timeout(60)
final class EveryVersionTest {
  private static GatewayFixture fixture;
  private static Uuid id;

  @BeforeAll
  static void start() throws Exception {
    fixture = GatewayFixture.start();
    // A second node that leads nothing: answers about it must fit every version as well.
    fixture.log.register(new NodeId(8), "other.example", 9093);
    id = Topology.uuid(fixture.log.create("t", 1, Map.of()).id());
    try (RawClient client = new RawClient(fixture.port())) {
      client.call(
          ApiKeys.PRODUCE, 13, Requests.produce("t", id, -1, RawClient.batch("a", "b", "c")));
    }
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  static Stream<Arguments> versions() {
    List<Arguments> all = new ArrayList<>();
    for (ApiKeys api : SupportedApis.all()) {
      for (int v = SupportedApis.oldest(api); v <= SupportedApis.newest(api); v++) {
        all.add(Arguments.of(api, v));
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void answersWithoutError(ApiKeys api, int version) throws Exception {
    try (RawClient client = new RawClient(fixture.port())) {
      client.send(api, version, request(api, version));
      AbstractResponse response = client.receive();
      Errors expected = api == ApiKeys.FIND_COORDINATOR ? Errors.UNSUPPORTED_VERSION : Errors.NONE;
      assertThat(response.errorCounts().keySet()).isSubsetOf(Set.of(expected));
      if (response.data() instanceof FetchResponseData fetched) {
        var partition = fetched.responses().get(0).partitions().get(0);
        assertThat(((MemoryRecords) partition.records()).records()).hasSize(3);
        assertThat(partition.highWatermark()).isGreaterThanOrEqualTo(3);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void refusesWhatDoesNotExistInEveryVersion(ApiKeys api, int version) throws Exception {
    try (RawClient client = new RawClient(fixture.port())) {
      ApiMessage request = missing(api, version);
      if (request == null) {
        return;
      }
      client.send(api, version, request);
      AbstractResponse response = client.receive();
      assertThat(response.errorCounts().keySet()).doesNotContain(Errors.UNKNOWN_SERVER_ERROR);
      assertThat(response.errorCounts().keySet()).anyMatch(error -> error != Errors.NONE);
    }
  }

  private static ApiMessage request(ApiKeys api, int version) {
    String fresh = api.name + "-" + version;
    return switch (api) {
      case PRODUCE -> Requests.produce("t", id, -1, RawClient.batch("x"));
      case FETCH -> Requests.fetch("t", id, 0).setMaxBytes(1);
      case LIST_OFFSETS -> Requests.listOffsets("t", -1);
      case METADATA -> Requests.metadata("t");
      case API_VERSIONS -> Requests.apiVersions();
      case CREATE_TOPICS -> Requests.createTopic(fresh);
      case DELETE_TOPICS -> {
        fixture.log.create(fresh, 1, Map.of());
        yield Requests.deleteTopic(version, fresh);
      }
      case INIT_PRODUCER_ID -> Requests.initProducerId();
      case OFFSET_FOR_LEADER_EPOCH -> Requests.epochEnd("t", 1);
      case DESCRIBE_CONFIGS -> Requests.describeConfigs(version, 2, "t");
      case CREATE_PARTITIONS -> {
        fixture.log.create(fresh, 1, Map.of());
        yield Requests.createPartitions(fresh, 3);
      }
      case INCREMENTAL_ALTER_CONFIGS -> Requests.alterConfig("t", 0, "retention.ms", "1000");
      case DESCRIBE_CLUSTER -> Requests.describeCluster();
      case DESCRIBE_TOPIC_PARTITIONS -> Requests.describePartitions(10, "t");
      case DESCRIBE_QUORUM -> Requests.describeQuorum("__cluster_metadata");
      case ADD_RAFT_VOTER -> Requests.addVoter(9);
      case UNREGISTER_BROKER -> new UnregisterBrokerRequestData().setBrokerId(9);
      case ALTER_PARTITION_REASSIGNMENTS -> Requests.reassign("__cluster_metadata", 9);
      case FIND_COORDINATOR -> findCoordinator(version);
      default -> throw new AssertionError(api + " is advertised and has no round-trip test");
    };
  }

  private static ApiMessage findCoordinator(int version) {
    FindCoordinatorRequestData data = new FindCoordinatorRequestData();
    return version >= 4 ? data.setCoordinatorKeys(List.of("g")) : data.setKey("g");
  }

  private static @Nullable ApiMessage missing(ApiKeys api, int version) {
    Uuid none = Uuid.randomUuid();
    return switch (api) {
      case PRODUCE -> Requests.produce("none", none, -1, RawClient.batch("x"));
      case FETCH -> Requests.fetch("none", none, 0);
      case LIST_OFFSETS -> Requests.listOffsets("none", -1);
      case METADATA -> Requests.metadata("not a name");
      case API_VERSIONS -> null;
      case CREATE_TOPICS -> Requests.createTopic("t");
      case DELETE_TOPICS -> Requests.deleteTopic(version, "none");
      case INIT_PRODUCER_ID -> Requests.initProducerId().setTransactionalId("tx");
      case OFFSET_FOR_LEADER_EPOCH -> Requests.epochEnd("none", 1);
      case DESCRIBE_CONFIGS -> Requests.describeConfigs(version, 2, "none");
      case CREATE_PARTITIONS -> Requests.createPartitions("none", 3);
      case INCREMENTAL_ALTER_CONFIGS -> Requests.alterConfig("none", 0, "retention.ms", "1000");
      case DESCRIBE_CLUSTER ->
          version == 0 ? null : Requests.describeCluster().setEndpointType((byte) 2);
      case DESCRIBE_TOPIC_PARTITIONS -> Requests.describePartitions(10, "none");
      case DESCRIBE_QUORUM -> Requests.describeQuorum("t");
      case ADD_RAFT_VOTER -> Requests.addVoter(-1);
      case UNREGISTER_BROKER -> new UnregisterBrokerRequestData().setBrokerId(5);
      case ALTER_PARTITION_REASSIGNMENTS -> Requests.reassign("t", 9);
      case FIND_COORDINATOR -> findCoordinator(version);
      default -> throw new AssertionError(api + " is advertised and has no round-trip test");
    };
  }

  @Test
  void advertisesWhatIsServedAndNoGroups() throws Exception {
    try (RawClient client = new RawClient(fixture.port())) {
      ApiVersionsResponseData data = client.call(ApiKeys.API_VERSIONS, 3, Requests.apiVersions());
      Set<Short> keys = new HashSet<>();
      data.apiKeys().forEach(api -> keys.add(api.apiKey()));
      assertThat(keys)
          .contains(ApiKeys.PRODUCE.id, ApiKeys.FETCH.id, ApiKeys.API_VERSIONS.id)
          .doesNotContain(
              ApiKeys.JOIN_GROUP.id,
              ApiKeys.CONSUMER_GROUP_HEARTBEAT.id,
              ApiKeys.ADD_PARTITIONS_TO_TXN.id,
              ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS.id);
      // librdkafka stops compressing otherwise (KAFKA-18659).
      assertThat(data.apiKeys().find(ApiKeys.PRODUCE.id).minVersion()).isZero();
    }
  }

  @Test
  void answersUnknownApiVersionsVersionAsVersion0() throws Exception {
    try (RawClient client = new RawClient(fixture.port())) {
      // Header of version 2: key 18, version 99, correlation id 5, client id "x", no tags; the body
      // is whatever version 99 has.
      client.sendFrame(
          new byte[] {0, 18, 0, 99, 0, 0, 0, 5, 0, 1, 'x', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
      byte[] answer = client.receiveFrame();
      // Response header version 0 (correlation id alone), then error 35 of body version 0.
      assertThat(answer).startsWith(0, 0, 0, 5, 0, 35);
      assertThat(answer.length).isGreaterThan(10);
    }
  }

  @Test
  void refusesApisThatAreNotServedWithAClearError() throws Exception {
    try (RawClient client = new RawClient(fixture.port())) {
      client.send(ApiKeys.HEARTBEAT, 4, new HeartbeatRequestData().setGroupId("g"));
      assertThat(client.receive().errorCounts()).containsKey(Errors.UNSUPPORTED_VERSION);
      // And the connection goes on.
      client.call(ApiKeys.METADATA, 12, Requests.metadata("t"));
    }
  }
}

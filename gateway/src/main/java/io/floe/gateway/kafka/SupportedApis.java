package io.floe.gateway.kafka;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.ApiVersionsResponse;

/// The requests that are served, with their versions; clients adapt to what is not listed.
///
/// FindCoordinator is listed although there are no groups and no transactions: librdkafka waits for
/// ever for a coordinator that it cannot ask for. It is answered with an error that says so.
final class SupportedApis {
  private static final Set<ApiKeys> SERVED =
      EnumSet.of(
          ApiKeys.PRODUCE,
          ApiKeys.FETCH,
          ApiKeys.LIST_OFFSETS,
          ApiKeys.METADATA,
          ApiKeys.FIND_COORDINATOR,
          ApiKeys.API_VERSIONS,
          ApiKeys.CREATE_TOPICS,
          ApiKeys.DELETE_TOPICS,
          ApiKeys.INIT_PRODUCER_ID,
          ApiKeys.OFFSET_FOR_LEADER_EPOCH,
          ApiKeys.DESCRIBE_CONFIGS,
          ApiKeys.CREATE_PARTITIONS,
          ApiKeys.INCREMENTAL_ALTER_CONFIGS,
          ApiKeys.DESCRIBE_CLUSTER,
          ApiKeys.DESCRIBE_QUORUM,
          ApiKeys.ADD_RAFT_VOTER,
          ApiKeys.UNREGISTER_BROKER,
          ApiKeys.ALTER_PARTITION_REASSIGNMENTS,
          ApiKeys.DESCRIBE_TOPIC_PARTITIONS);

  private SupportedApis() {}

  static Collection<ApiKeys> all() {
    return SERVED;
  }

  static short oldest(ApiKeys api) {
    return api.oldestVersion();
  }

  /// The newest stable version.
  static short newest(ApiKeys api) {
    return api.latestVersion(false);
  }

  static boolean isServed(ApiKeys api, short version) {
    return SERVED.contains(api) && version >= oldest(api) && version <= newest(api);
  }

  static void handle(Call<ApiVersionsRequest> call) {
    if (call.request().hasUnsupportedRequestVersion()) {
      call.refuse(Errors.UNSUPPORTED_VERSION.exception());
    } else if (!call.request().isValid()) {
      call.refuse(Errors.INVALID_REQUEST.exception("client software name or version is invalid"));
    } else {
      call.answer(new ApiVersionsResponse(new ApiVersionsResponseData().setApiKeys(versions())));
    }
  }

  private static ApiVersionCollection versions() {
    ApiVersionCollection versions = new ApiVersionCollection();
    for (ApiKeys api : SERVED) {
      versions.add(
          new ApiVersion()
              .setApiKey(api.id)
              .setMinVersion(advertisedMin(api))
              .setMaxVersion(newest(api)));
    }
    return versions;
  }

  /// Older librdkafka takes a Produce that does not begin at 0 for a broker without compression and
  /// silently sends uncompressed. Versions 0 to 2 are still refused, as Kafka does (KAFKA-18659).
  private static short advertisedMin(ApiKeys api) {
    return api == ApiKeys.PRODUCE ? ApiKeys.PRODUCE_API_VERSIONS_RESPONSE_MIN_VERSION : oldest(api);
  }
}

package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataCommand.ConfigChange;
import io.floe.consensus.metadata.core.TopicConfig;
import io.floe.consensus.metadata.core.TopicConfigs;
import io.floe.consensus.metadata.core.TopicRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResourceResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsSynonym;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.common.requests.DescribeConfigsRequest;
import org.apache.kafka.common.requests.DescribeConfigsResponse;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;
import org.apache.kafka.common.requests.IncrementalAlterConfigsRequest;
import org.apache.kafka.common.requests.IncrementalAlterConfigsResponse;
import org.jspecify.annotations.Nullable;

/// DescribeConfigs and IncrementalAlterConfigs: settings of topics, and of this node to look at.
///
/// Thread-safety: stateless.
final class ConfigRequests {
  private static final int ALTER_TIMEOUT_MILLIS = 30_000;

  private final LogService log;
  private final BrokerConfigs brokerConfigs;
  private final TopicRequests topics;

  ConfigRequests(LogService log, BrokerConfigs brokerConfigs, TopicRequests topics) {
    this.log = log;
    this.brokerConfigs = brokerConfigs;
    this.topics = topics;
  }

  static ConfigSource source(boolean isSet) {
    return isSet ? ConfigSource.TOPIC_CONFIG : ConfigSource.DEFAULT_CONFIG;
  }

  // DescribeConfigs

  void describe(Call<DescribeConfigsRequest> call) {
    DescribeConfigsResponseData data = new DescribeConfigsResponseData();
    for (DescribeConfigsResource resource : call.request().data().resources()) {
      data.results().add(describe(call.request(), resource));
    }
    call.answer(new DescribeConfigsResponse(data));
  }

  private DescribeConfigsResult describe(
      DescribeConfigsRequest request, DescribeConfigsResource resource) {
    DescribeConfigsResult result =
        new DescribeConfigsResult()
            .setResourceType(resource.resourceType())
            .setResourceName(resource.resourceName());
    return switch (ConfigResource.Type.forId(resource.resourceType())) {
      case TOPIC -> describeTopic(request, resource, result);
      case BROKER -> describeBroker(request, resource, result);
      default -> fail(result, Errors.INVALID_REQUEST, "only topics and brokers have configs here");
    };
  }

  private DescribeConfigsResult describeTopic(
      DescribeConfigsRequest request,
      DescribeConfigsResource resource,
      DescribeConfigsResult result) {
    TopicRecord topic = log.metadata().topic(resource.resourceName());
    if (topic == null) {
      return fail(result, Errors.UNKNOWN_TOPIC_OR_PARTITION, "there is no such topic");
    }
    for (TopicConfig config : TopicConfigs.all()) {
      if (isWanted(resource, config.name())) {
        String set = topic.configs().get(config.name());
        result.configs().add(entry(request, config, set));
      }
    }
    for (TopicFacts fact : TopicFacts.of(topic)) {
      if (isWanted(resource, fact.name())) {
        result.configs().add(entry(request, fact));
      }
    }
    return result;
  }

  private static DescribeConfigsResourceResult entry(
      DescribeConfigsRequest request, TopicFacts fact) {
    return new DescribeConfigsResourceResult()
        .setName(fact.name())
        .setValue(fact.value())
        .setReadOnly(true)
        .setIsSensitive(false)
        .setConfigSource(ConfigSource.DEFAULT_CONFIG.id())
        .setConfigType(ConfigType.STRING.id())
        .setDocumentation(request.data().includeDocumentation() ? fact.describe() : null);
  }

  private static DescribeConfigsResourceResult entry(
      DescribeConfigsRequest request, TopicConfig config, @Nullable String set) {
    DescribeConfigsResourceResult entry =
        new DescribeConfigsResourceResult()
            .setName(config.name())
            .setValue(set == null ? config.defaultValue() : set)
            .setReadOnly(false)
            .setIsSensitive(false)
            .setConfigSource(source(set != null).id())
            .setConfigType(type(config.type()).id());
    if (request.data().includeSynonyms()) {
      if (set != null) {
        entry.synonyms().add(synonym(config.name(), set, ConfigSource.TOPIC_CONFIG));
      }
      entry
          .synonyms()
          .add(synonym(config.name(), config.defaultValue(), ConfigSource.DEFAULT_CONFIG));
    }
    return request.data().includeDocumentation()
        ? entry.setDocumentation(config.describe())
        : entry.setDocumentation(null);
  }

  private DescribeConfigsResult describeBroker(
      DescribeConfigsRequest request,
      DescribeConfigsResource resource,
      DescribeConfigsResult result) {
    String name = resource.resourceName();
    if (name.isEmpty()) {
      // Settings that were changed for all nodes while they run: there are none.
      return result;
    }
    if (!name.equals(log.nodeId().toString())) {
      return fail(result, Errors.INVALID_REQUEST, "this is node " + log.nodeId() + ", not " + name);
    }
    for (BrokerConfigs.Entry config : brokerConfigs.all()) {
      if (isWanted(resource, config.name())) {
        DescribeConfigsResourceResult entry =
            new DescribeConfigsResourceResult()
                .setName(config.name())
                .setValue(config.value())
                .setReadOnly(true)
                .setIsSensitive(false)
                .setConfigSource(ConfigSource.STATIC_BROKER_CONFIG.id())
                .setConfigType(config.type().id())
                .setDocumentation(request.data().includeDocumentation() ? config.describe() : null);
        if (request.data().includeSynonyms()) {
          entry
              .synonyms()
              .add(synonym(config.name(), config.value(), ConfigSource.STATIC_BROKER_CONFIG));
        }
        result.configs().add(entry);
      }
    }
    return result;
  }

  private static DescribeConfigsSynonym synonym(String name, String value, ConfigSource source) {
    return new DescribeConfigsSynonym().setName(name).setValue(value).setSource(source.id());
  }

  private static ConfigType type(TopicConfig.ValueType type) {
    return switch (type) {
      case BOOLEAN -> ConfigType.BOOLEAN;
      case INT -> ConfigType.INT;
      case LONG -> ConfigType.LONG;
      case DOUBLE -> ConfigType.DOUBLE;
      case STRING -> ConfigType.STRING;
      case LIST -> ConfigType.LIST;
    };
  }

  /// No list of names means all.
  private static boolean isWanted(DescribeConfigsResource resource, String name) {
    return resource.configurationKeys() == null
        || resource.configurationKeys().isEmpty()
        || resource.configurationKeys().contains(name);
  }

  private static DescribeConfigsResult fail(
      DescribeConfigsResult result, Errors error, String message) {
    return result.setErrorCode(error.code()).setErrorMessage(message);
  }

  // IncrementalAlterConfigs

  void alter(Call<IncrementalAlterConfigsRequest> call) {
    List<CompletableFuture<AlterConfigsResourceResponse>> results = new ArrayList<>();
    for (AlterConfigsResource resource : call.request().data().resources()) {
      results.add(
          alter(resource, call.request().data().validateOnly())
              .thenApply(
                  error ->
                      new AlterConfigsResourceResponse()
                          .setResourceType(resource.resourceType())
                          .setResourceName(resource.resourceName())
                          .setErrorCode(error.error().code())
                          .setErrorMessage(error.message())));
    }
    var _ =
        CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
            .thenRun(
                () ->
                    call.answerInTurn(
                        () ->
                            new IncrementalAlterConfigsResponse(
                                new IncrementalAlterConfigsResponseData()
                                    .setResponses(
                                        results.stream().map(CompletableFuture::join).toList()))));
  }

  private CompletableFuture<ApiError> alter(AlterConfigsResource resource, boolean validateOnly) {
    if (ConfigResource.Type.forId(resource.resourceType()) != ConfigResource.Type.TOPIC) {
      return refused(
          Errors.INVALID_REQUEST,
          "only topics have configs that can be changed while a node runs; a node's own settings"
              + " are in its configuration file");
    }
    TopicRecord topic = log.metadata().topic(resource.resourceName());
    if (topic == null) {
      return refused(Errors.UNKNOWN_TOPIC_OR_PARTITION, "there is no such topic");
    }
    List<ConfigChange> changes = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (AlterableConfig config : resource.configs()) {
      if (!seen.add(config.name())) {
        return refused(Errors.INVALID_REQUEST, config.name() + " is twice in the request");
      }
      ApiError problem = add(changes, topic, config);
      if (problem != null) {
        return CompletableFuture.completedFuture(problem);
      }
    }
    MetadataCommand command =
        new MetadataCommand.AlterTopicConfigs(topic.id(), topic.version(), changes);
    return validateOnly
        ? CompletableFuture.completedFuture(topics.validate(command))
        : topics.submit(command, ALTER_TIMEOUT_MILLIS);
  }

  private static @Nullable ApiError add(
      List<ConfigChange> changes, TopicRecord topic, AlterableConfig change) {
    TopicConfig config = TopicConfigs.named(change.name());
    if (config == null) {
      return new ApiError(
          Errors.INVALID_CONFIG, "topic config " + change.name() + " is unknown or not supported");
    }
    OpType operation = OpType.forId(change.configOperation());
    if (operation == null) {
      return new ApiError(
          Errors.INVALID_REQUEST, "operation " + change.configOperation() + " is unknown");
    }
    String value = change.value();
    if (value == null && operation != OpType.DELETE) {
      return new ApiError(Errors.INVALID_CONFIG, change.name() + " has no value");
    }
    switch (operation) {
      case SET -> changes.add(new ConfigChange(config.name(), value));
      case DELETE -> changes.add(new ConfigChange(config.name(), null));
      case APPEND, SUBTRACT -> {
        if (config.type() != TopicConfig.ValueType.LIST) {
          return new ApiError(
              Errors.INVALID_CONFIG,
              operation + " needs a list, " + config.name() + " is " + config.type());
        }
        Set<String> words = words(topic.config(config));
        if (operation == OpType.APPEND) {
          words.addAll(words(String.valueOf(value)));
        } else {
          words.removeAll(words(String.valueOf(value)));
        }
        changes.add(new ConfigChange(config.name(), String.join(",", words)));
      }
    }
    return null;
  }

  private static Set<String> words(String list) {
    Set<String> words = new LinkedHashSet<>();
    for (String word : list.split(",", -1)) {
      if (!word.isBlank()) {
        words.add(word.strip());
      }
    }
    return words;
  }

  private static CompletableFuture<ApiError> refused(Errors error, String message) {
    return CompletableFuture.completedFuture(new ApiError(error, message));
  }
}

package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.actors.log.MetadataReply;
import io.floe.consensus.metadata.core.Decision;
import io.floe.consensus.metadata.core.MetadataCommand;
import io.floe.consensus.metadata.core.MetadataMachine;
import io.floe.consensus.metadata.core.MetadataState;
import io.floe.consensus.metadata.core.Refusal;
import io.floe.consensus.metadata.core.TopicConfig;
import io.floe.consensus.metadata.core.TopicConfigs;
import io.floe.consensus.metadata.core.TopicRecord;
import io.floe.gateway.GatewaySettings;
import io.floe.model.TopicId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.apache.kafka.common.requests.CreatePartitionsRequest;
import org.apache.kafka.common.requests.CreatePartitionsResponse;
import org.apache.kafka.common.requests.CreateTopicsRequest;
import org.apache.kafka.common.requests.CreateTopicsResponse;
import org.apache.kafka.common.requests.DeleteTopicsRequest;
import org.apache.kafka.common.requests.DeleteTopicsResponse;
import org.jspecify.annotations.Nullable;

/// CreateTopics, DeleteTopics, CreatePartitions, and topics that are created by being used.
///
/// Thread-safety: any thread.
final class TopicRequests {
  /// A number of partitions or replicas that the client leaves to us.
  private static final int DEFAULT = -1;

  /// First version in which topics are given as a list of names or ids.
  private static final short DELETE_BY_ID_SINCE = 6;

  /// How long a metadata request waits for the topics that it creates.
  private static final Duration CREATE_BY_USE_TIMEOUT = Duration.ofSeconds(5);

  private final LogService log;
  private final GatewaySettings settings;
  private final ConcurrentHashMap<String, CompletableFuture<ApiError>> beingCreated =
      new ConcurrentHashMap<>();

  TopicRequests(LogService log, GatewaySettings settings) {
    this.log = log;
    this.settings = settings;
  }

  /// Creates a topic because a client used its name. Clients that do it at the same time share one
  /// creation. Completes when the topic can be used, cannot be made, or after a few seconds.
  CompletableFuture<ApiError> createByUse(String name) {
    CompletableFuture<ApiError> mine = new CompletableFuture<>();
    CompletableFuture<ApiError> others = beingCreated.putIfAbsent(name, mine);
    if (others != null) {
      return others;
    }
    var _ =
        submit(
                new MetadataCommand.CreateTopic(
                    newId(),
                    name,
                    settings.defaultPartitions(),
                    settings.defaultReplicationFactor(),
                    new TreeMap<>()),
                (int) CREATE_BY_USE_TIMEOUT.toMillis())
            .whenComplete(
                (result, failure) -> {
                  beingCreated.remove(name, mine);
                  mine.complete(result);
                });
    return mine;
  }

  private static TopicId newId() {
    // Not Uuid.ZERO and the like: a random UUID has its version bits set.
    return new TopicId(UUID.randomUUID());
  }

  /// Proposes a change. Never fails: the error says what came of it.
  CompletableFuture<ApiError> submit(MetadataCommand command, int timeoutMillis) {
    return log.submit(command)
        .toCompletableFuture()
        .copy()
        .orTimeout(Math.max(1, timeoutMillis), TimeUnit.MILLISECONDS)
        .handle(
            (reply, failure) ->
                switch (reply) {
                  case null ->
                      new ApiError(
                          Errors.REQUEST_TIMED_OUT, "no answer in time; it may still happen");
                  case MetadataReply.Applied ignored -> ApiError.NONE;
                  case MetadataReply.Refused refused -> error(refused.refusal());
                });
  }

  /// What would come of a change.
  ApiError validate(MetadataCommand command) {
    return switch (MetadataMachine.decide(log.metadata(), command)) {
      case Decision.Accepted ignored -> ApiError.NONE;
      case Decision.Refused refused -> error(refused.refusal());
    };
  }

  private static ApiError error(Refusal refusal) {
    return new ApiError(KafkaErrors.of(refusal.reason()), refusal.message());
  }

  // CreateTopics

  void create(Call<CreateTopicsRequest> call) {
    List<CompletableFuture<CreatableTopicResult>> results = new ArrayList<>();
    Set<String> duplicates = duplicates(call.request().data().topics(), CreatableTopic::name);
    Set<String> answered = new HashSet<>();
    for (CreatableTopic topic : call.request().data().topics()) {
      if (answered.add(topic.name())) {
        results.add(
            duplicates.contains(topic.name())
                ? CompletableFuture.completedFuture(
                    result(
                        topic,
                        new ApiError(Errors.INVALID_REQUEST, "the topic is twice in the request")))
                : create(call, topic));
      }
    }
    whenAll(
        results,
        all -> {
          CreateTopicsResponseData data = new CreateTopicsResponseData();
          all.forEach(data.topics()::add);
          call.answerInTurn(() -> new CreateTopicsResponse(data));
        });
  }

  private CompletableFuture<CreatableTopicResult> create(
      Call<CreateTopicsRequest> call, CreatableTopic topic) {
    ApiError problem = problem(topic);
    if (problem != null) {
      return CompletableFuture.completedFuture(result(topic, problem));
    }
    MetadataCommand.CreateTopic command = command(topic);
    if (call.request().data().validateOnly()) {
      ApiError error = validate(command);
      return CompletableFuture.completedFuture(
          error.isFailure() ? result(topic, error) : wouldBe(topic, command));
    }
    return submit(command, call.request().data().timeoutMs())
        .thenApply(error -> error.isFailure() ? result(topic, error) : created(topic, command));
  }

  private @Nullable ApiError problem(CreatableTopic topic) {
    if (topic.name().length() > settings.topicNameLengthMax()) {
      return new ApiError(
          Errors.INVALID_TOPIC_EXCEPTION,
          "topic name has "
              + topic.name().length()
              + " characters, at most "
              + settings.topicNameLengthMax()
              + " are allowed");
    }
    if (!topic.assignments().isEmpty()) {
      return new ApiError(
          Errors.INVALID_REPLICA_ASSIGNMENT,
          "replicas cannot be assigned by hand: give a number of partitions and replicas, the"
              + " cluster places them");
    }
    for (CreatableTopicConfig config : topic.configs()) {
      if (config.value() == null) {
        return new ApiError(Errors.INVALID_CONFIG, config.name() + " has no value");
      }
    }
    return null;
  }

  private MetadataCommand.CreateTopic command(CreatableTopic topic) {
    TreeMap<String, String> configs = new TreeMap<>();
    topic.configs().forEach(config -> configs.put(config.name(), config.value()));
    return new MetadataCommand.CreateTopic(
        newId(),
        topic.name(),
        topic.numPartitions() == DEFAULT ? settings.defaultPartitions() : topic.numPartitions(),
        topic.replicationFactor() == DEFAULT
            ? settings.defaultReplicationFactor()
            : topic.replicationFactor(),
        configs);
  }

  private static CreatableTopicResult result(CreatableTopic topic, ApiError error) {
    return new CreatableTopicResult()
        .setName(topic.name())
        .setErrorCode(error.error().code())
        .setErrorMessage(error.message());
  }

  private CreatableTopicResult wouldBe(CreatableTopic topic, MetadataCommand.CreateTopic command) {
    int replicas = Math.min(command.replicationFactor(), log.metadata().nodes().size());
    return described(result(topic, ApiError.NONE), command.partitions(), replicas)
        .setConfigs(configs(command.configs()));
  }

  private CreatableTopicResult created(CreatableTopic topic, MetadataCommand.CreateTopic command) {
    CreatableTopicResult result = result(topic, ApiError.NONE);
    TopicRecord made = log.metadata().topic(command.id());
    if (made == null) {
      // Deleted again in between.
      return result;
    }
    // How many replicas there really are, which may be fewer than was asked for.
    int replicas = made.partitions().get(0).last().replicas().size();
    return described(result, made.partitions().size(), replicas)
        .setTopicId(Topology.uuid(made.id()))
        .setConfigs(configs(made.configs()));
  }

  private static CreatableTopicResult described(
      CreatableTopicResult result, int partitions, int replicas) {
    return result.setNumPartitions(partitions).setReplicationFactor((short) replicas);
  }

  private static List<CreatableTopicConfigs> configs(Map<String, String> set) {
    List<CreatableTopicConfigs> configs = new ArrayList<>();
    for (TopicConfig config : TopicConfigs.all()) {
      String value = set.get(config.name());
      configs.add(
          new CreatableTopicConfigs()
              .setName(config.name())
              .setValue(value == null ? config.defaultValue() : value)
              .setReadOnly(false)
              .setConfigSource(ConfigRequests.source(value != null).id())
              .setIsSensitive(false));
    }
    return configs;
  }

  // DeleteTopics

  void delete(Call<DeleteTopicsRequest> call) {
    List<DeleteTopicState> wanted = new ArrayList<>();
    if (call.version() >= DELETE_BY_ID_SINCE) {
      wanted.addAll(call.request().data().topics());
    } else {
      call.request()
          .data()
          .topicNames()
          .forEach(name -> wanted.add(new DeleteTopicState().setName(name)));
    }
    List<CompletableFuture<DeletableTopicResult>> results = new ArrayList<>();
    MetadataState state = log.metadata();
    Set<TopicId> seen = new HashSet<>();
    for (DeleteTopicState topic : wanted) {
      results.add(delete(state, topic, seen, call.request().data().timeoutMs()));
    }
    whenAll(
        results,
        all -> {
          DeleteTopicsResponseData data = new DeleteTopicsResponseData();
          all.forEach(data.responses()::add);
          call.answerInTurn(() -> new DeleteTopicsResponse(data));
        });
  }

  private CompletableFuture<DeletableTopicResult> delete(
      MetadataState state, DeleteTopicState wanted, Set<TopicId> seen, int timeoutMillis) {
    DeletableTopicResult result =
        new DeletableTopicResult().setName(wanted.name()).setTopicId(wanted.topicId());
    boolean isById = wanted.name() == null;
    if (isById == wanted.topicId().equals(Uuid.ZERO_UUID)) {
      return completed(
          result, new ApiError(Errors.INVALID_REQUEST, "exactly one of name and id must be given"));
    }
    TopicRecord topic =
        isById ? state.topic(Topology.topicId(wanted.topicId())) : state.topic(wanted.name());
    if (topic == null) {
      return completed(
          result,
          new ApiError(
              isById ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION,
              "there is no such topic"));
    }
    result.setName(topic.name()).setTopicId(Topology.uuid(topic.id()));
    if (!seen.add(topic.id())) {
      return completed(
          result, new ApiError(Errors.INVALID_REQUEST, "the topic is twice in the request"));
    }
    return submit(new MetadataCommand.DeleteTopic(topic.id()), timeoutMillis)
        .thenCompose(error -> completed(result, error));
  }

  private static CompletableFuture<DeletableTopicResult> completed(
      DeletableTopicResult result, ApiError error) {
    return CompletableFuture.completedFuture(
        result.setErrorCode(error.error().code()).setErrorMessage(error.message()));
  }

  // CreatePartitions

  void createPartitions(Call<CreatePartitionsRequest> call) {
    List<CompletableFuture<CreatePartitionsTopicResult>> results = new ArrayList<>();
    Set<String> duplicates =
        duplicates(call.request().data().topics(), CreatePartitionsTopic::name);
    Set<String> answered = new HashSet<>();
    for (CreatePartitionsTopic topic : call.request().data().topics()) {
      if (answered.add(topic.name())) {
        CompletableFuture<ApiError> outcome =
            duplicates.contains(topic.name())
                ? CompletableFuture.completedFuture(
                    new ApiError(Errors.INVALID_REQUEST, "the topic is twice in the request"))
                : createPartitions(call, topic);
        results.add(
            outcome.thenApply(
                error ->
                    new CreatePartitionsTopicResult()
                        .setName(topic.name())
                        .setErrorCode(error.error().code())
                        .setErrorMessage(error.message())));
      }
    }
    whenAll(
        results,
        all ->
            call.answerInTurn(
                () ->
                    new CreatePartitionsResponse(
                        new CreatePartitionsResponseData().setResults(all))));
  }

  private CompletableFuture<ApiError> createPartitions(
      Call<CreatePartitionsRequest> call, CreatePartitionsTopic wanted) {
    TopicRecord topic = log.metadata().topic(wanted.name());
    if (topic == null) {
      return CompletableFuture.completedFuture(
          new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, "there is no such topic"));
    }
    if (wanted.assignments() != null && !wanted.assignments().isEmpty()) {
      return CompletableFuture.completedFuture(
          new ApiError(
              Errors.INVALID_REPLICA_ASSIGNMENT,
              "replicas cannot be assigned by hand: the cluster places them"));
    }
    int now = topic.partitions().size();
    if (wanted.count() <= now) {
      return CompletableFuture.completedFuture(
          new ApiError(
              Errors.INVALID_PARTITIONS,
              "the topic has " + now + " partitions; " + wanted.count() + " are not more"));
    }
    MetadataCommand command = new MetadataCommand.CreatePartitions(topic.id(), now, wanted.count());
    return call.request().data().validateOnly()
        ? CompletableFuture.completedFuture(validate(command))
        : submit(command, call.request().data().timeoutMs());
  }

  // Several results, one answer

  private static <T> Set<String> duplicates(Iterable<T> items, Function<T, String> name) {
    Map<String, Integer> counts = new HashMap<>();
    items.forEach(item -> counts.merge(name.apply(item), 1, Integer::sum));
    counts.values().removeIf(count -> count == 1);
    return counts.keySet();
  }

  private static <T> void whenAll(List<CompletableFuture<T>> results, Consumer<List<T>> action) {
    var _ =
        CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
            .thenRun(() -> action.accept(results.stream().map(CompletableFuture::join).toList()));
  }
}

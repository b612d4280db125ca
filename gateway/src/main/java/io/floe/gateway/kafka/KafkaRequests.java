package io.floe.gateway.kafka;

import io.floe.actors.log.LogService;
import io.floe.gateway.GatewaySettings;
import io.floe.gateway.network.Answer;
import io.floe.gateway.network.Exchange;
import io.floe.gateway.network.RequestHandler;
import io.floe.gateway.network.ResponseMemory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.network.ClientInformation;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AddRaftVoterRequest;
import org.apache.kafka.common.requests.AlterPartitionReassignmentsRequest;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.CreatePartitionsRequest;
import org.apache.kafka.common.requests.CreateTopicsRequest;
import org.apache.kafka.common.requests.DeleteTopicsRequest;
import org.apache.kafka.common.requests.DescribeClusterRequest;
import org.apache.kafka.common.requests.DescribeConfigsRequest;
import org.apache.kafka.common.requests.DescribeQuorumRequest;
import org.apache.kafka.common.requests.DescribeTopicPartitionsRequest;
import org.apache.kafka.common.requests.FetchRequest;
import org.apache.kafka.common.requests.FindCoordinatorRequest;
import org.apache.kafka.common.requests.IncrementalAlterConfigsRequest;
import org.apache.kafka.common.requests.InitProducerIdRequest;
import org.apache.kafka.common.requests.ListOffsetsRequest;
import org.apache.kafka.common.requests.MetadataRequest;
import org.apache.kafka.common.requests.OffsetsForLeaderEpochRequest;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.RequestContext;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.UnregisterBrokerRequest;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;

/// Parses requests and gives each to the class that knows its kind.
///
/// Requests are handled on the network threads; what may wait for the disk goes to the read
/// threads, each request as one task, so that their queue is bounded by the requests in flight.
///
/// Thread-safety: any thread.
public final class KafkaRequests implements RequestHandler, AutoCloseable {
  private static final ListenerName LISTENER =
      ListenerName.forSecurityProtocol(SecurityProtocol.PLAINTEXT);

  private final ThreadPoolExecutor readers;
  private final ScheduledThreadPoolExecutor timer;
  private final ProduceRequests produce;
  private final ProducerIdRequests producerIds;
  private final FetchRequests fetch;
  private final OffsetRequests offsets;
  private final MetadataRequests metadata;
  private final TopicPartitionsRequests topicPartitions;
  private final TopicRequests topics;
  private final ConfigRequests configs;
  private final ClusterRequests cluster;

  public KafkaRequests(LogService log, GatewaySettings settings, ResponseMemory responseMemory) {
    readers =
        new ThreadPoolExecutor(
            settings.readThreads(),
            settings.readThreads(),
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            daemons("floe-kafka-read-"));
    readers.allowCoreThreadTimeOut(true);
    timer = new ScheduledThreadPoolExecutor(1, daemons("floe-kafka-timer-"));
    // Nearly every fetch cancels its timeout: kept until they expire they would pile up.
    timer.setRemoveOnCancelPolicy(true);
    produce = new ProduceRequests(log, settings);
    producerIds = new ProducerIdRequests(log);
    fetch = new FetchRequests(log, settings, responseMemory, readers, timer);
    offsets = new OffsetRequests(log, readers);
    topics = new TopicRequests(log, settings);
    metadata = new MetadataRequests(log, settings, topics);
    topicPartitions = new TopicPartitionsRequests(log);
    cluster = new ClusterRequests(log);
    configs = new ConfigRequests(log, new BrokerConfigs(settings), topics);
  }

  private static ThreadFactory daemons(String prefix) {
    AtomicInteger next = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + next.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  /// Answers fetches that wait for data, and lets none wait any more.
  public void beginShutdown() {
    fetch.beginShutdown();
  }

  @Override
  public void close() {
    timer.shutdownNow();
    readers.shutdown();
  }

  @Override
  public void handle(Exchange exchange) {
    RequestHeader header;
    RequestContext context;
    AbstractRequest request;
    try {
      header = RequestHeader.parse(exchange.request());
      context = context(exchange, header);
      if (isUnparsable(header)) {
        exchange.answer(
            new Answer.Hangup(
                header.apiKey() + " version " + header.apiVersion() + " does not exist here"));
        return;
      }
      request = context.parseRequest(exchange.request()).request;
    } catch (KafkaException | IllegalArgumentException | IllegalStateException e) {
      exchange.answer(new Answer.Hangup("not a request: " + e.getMessage()));
      return;
    }
    if (header.apiKey() != ApiKeys.API_VERSIONS
        && !SupportedApis.isServed(header.apiKey(), header.apiVersion())) {
      // Told in the request's own answer, so that even a client that did not ask which requests
      // there are fails at once and knows why.
      new Call<>(exchange, context, request)
          .refuse(
              Errors.UNSUPPORTED_VERSION.exception(
                  header.apiKey() + " version " + header.apiVersion() + " is not supported"));
      return;
    }
    dispatch(exchange, context, request);
  }

  private static boolean isUnparsable(RequestHeader header) {
    return header.apiKey() != ApiKeys.API_VERSIONS && !header.isApiVersionSupported();
  }

  private static RequestContext context(Exchange exchange, RequestHeader header) {
    return new RequestContext(
        header,
        exchange.connectionId(),
        exchange.clientAddress(),
        KafkaPrincipal.ANONYMOUS,
        LISTENER,
        SecurityProtocol.PLAINTEXT,
        ClientInformation.EMPTY,
        false);
  }

  private void dispatch(Exchange exchange, RequestContext context, AbstractRequest request) {
    switch (request) {
      case ProduceRequest r -> produce.produce(new Call<>(exchange, context, r));
      case FetchRequest r -> fetch.fetch(new Call<>(exchange, context, r));
      case MetadataRequest r -> metadata.metadata(new Call<>(exchange, context, r));
      case ApiVersionsRequest r -> SupportedApis.handle(new Call<>(exchange, context, r));
      case ListOffsetsRequest r -> offsets.listOffsets(new Call<>(exchange, context, r));
      case OffsetsForLeaderEpochRequest r ->
          offsets.offsetsForLeaderEpoch(new Call<>(exchange, context, r));
      case InitProducerIdRequest r -> producerIds.init(new Call<>(exchange, context, r));
      case CreateTopicsRequest r -> topics.create(new Call<>(exchange, context, r));
      case DeleteTopicsRequest r -> topics.delete(new Call<>(exchange, context, r));
      case CreatePartitionsRequest r -> topics.createPartitions(new Call<>(exchange, context, r));
      case DescribeClusterRequest r -> metadata.describeCluster(new Call<>(exchange, context, r));
      case DescribeQuorumRequest r -> cluster.describe(new Call<>(exchange, context, r));
      case AddRaftVoterRequest r -> cluster.addVoter(new Call<>(exchange, context, r));
      case UnregisterBrokerRequest r -> cluster.removeNode(new Call<>(exchange, context, r));
      case AlterPartitionReassignmentsRequest r ->
          cluster.reassign(new Call<>(exchange, context, r));
      case DescribeTopicPartitionsRequest r ->
          topicPartitions.describe(new Call<>(exchange, context, r));
      case DescribeConfigsRequest r -> configs.describe(new Call<>(exchange, context, r));
      case IncrementalAlterConfigsRequest r -> configs.alter(new Call<>(exchange, context, r));
      case FindCoordinatorRequest r ->
          new Call<>(exchange, context, r)
              .refuse(
                  Errors.UNSUPPORTED_VERSION.exception(
                      "consumer groups and transactions are not supported"));
      default -> throw new IllegalStateException(context.header.apiKey() + " is served by nobody");
    }
  }
}

package io.floe.bench.node;

import io.floe.bench.BenchException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;

/// A server and how its topics are configured: what a client is pointed at.
///
/// @param name what reports call it
record Target(String name, Server server, Map<String, String> topicConfig) {
  private static final int ADMIN_SECONDS = 60;

  void createTopic(String topic, int partitions) throws InterruptedException {
    NewTopic created =
        new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(topicConfig);
    ask(admin -> admin.createTopics(Set.of(created)).all().get(ADMIN_SECONDS, TimeUnit.SECONDS));
  }

  void deleteTopic(String topic) throws InterruptedException {
    ask(admin -> admin.deleteTopics(Set.of(topic)).all().get(ADMIN_SECONDS, TimeUnit.SECONDS));
  }

  @FunctionalInterface
  private interface Question {
    void ask(Admin admin) throws InterruptedException, ExecutionException, TimeoutException;
  }

  private void ask(Question question) throws InterruptedException {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, server.bootstrap()))) {
      question.ask(admin);
    } catch (ExecutionException | TimeoutException e) {
      throw new BenchException(name + ": " + e, e);
    }
  }
}

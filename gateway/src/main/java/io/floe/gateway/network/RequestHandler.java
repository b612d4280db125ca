package io.floe.gateway.network;

/// Whoever answers requests.
@FunctionalInterface
public interface RequestHandler {

  /// Takes a request. Called on the connection's network thread, in the order in which the requests
  /// of a connection came; must not block. An exception closes the connection and nothing else.
  void handle(Exchange exchange);
}

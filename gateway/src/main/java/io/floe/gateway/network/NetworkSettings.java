package io.floe.gateway.network;

import java.time.Duration;

/// What the sockets need to know. Meanings, units, defaults and reasons stand in `reference.conf`.
public record NetworkSettings(
    int networkThreads,
    int connectionsMax,
    int connectionsPerAddressMax,
    Duration idleTimeout,
    Duration transferTimeout,
    long transferBytesPerSecondMin,
    int requestBytesMax,
    long requestMemoryBytes,
    int inFlightRequestsMax,
    long inFlightBytesMax,
    int sendBufferBytes,
    int receiveBufferBytes,
    Duration shutdownTimeout) {}

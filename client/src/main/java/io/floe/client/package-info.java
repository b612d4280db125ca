/// Floe as Pekko Streams: sources that read topics, flows and sinks that write them. Shaped like
/// Pekko Connectors Kafka, so that its users feel at home.
@NullMarked
package io.floe.client;

import org.jspecify.annotations.NullMarked;

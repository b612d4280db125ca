/// The client edge: serves the Kafka protocol on a node's log.
@NullMarked
package io.floe.gateway;

import org.jspecify.annotations.NullMarked;

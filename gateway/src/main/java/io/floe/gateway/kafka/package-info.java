/// The Kafka protocol: which requests there are, what they mean on a log, and what is answered.
@NullMarked
package io.floe.gateway.kafka;

import org.jspecify.annotations.NullMarked;

/// Sockets: accepts connections, cuts the byte stream into requests, sends the answers in request
/// order, and bounds what a connection may cost. Knows how a Kafka frame begins and no API.
@NullMarked
package io.floe.gateway.network;

import org.jspecify.annotations.NullMarked;

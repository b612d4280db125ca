/// A small client of a running node for command line tools: topics, lines in, records out. It
/// speaks the Kafka protocol and shows none of it, so that Kafka's classes stay in this module.
@NullMarked
package io.floe.gateway.tool;

import org.jspecify.annotations.NullMarked;

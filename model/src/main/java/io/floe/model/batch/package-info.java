/// The record batch: the one form in which records lie on disk and travel on every wire (Kafka's
/// format v2).
@NullMarked
package io.floe.model.batch;

import org.jspecify.annotations.NullMarked;

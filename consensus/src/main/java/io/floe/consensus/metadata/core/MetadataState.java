package io.floe.consensus.metadata.core;

/// The metadata of a cluster at one version. Immutable.
public final class MetadataState {}

/// Vocabulary: the identities and numbers that every part of Floe speaks of.
@NullMarked
package io.floe.model;

import org.jspecify.annotations.NullMarked;

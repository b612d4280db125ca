package io.floe.consensus;

/// A protocol invariant that does not hold: a bug, or state that was damaged outside of the
/// protocol. The node must stop; a wrong answer is worse than none.
///
/// Errors: nobody catches it to go on.
public final class BrokenInvariant extends AssertionError {
  private static final long serialVersionUID = 1;

  /// Names what does not hold.
  ///
  /// @param invariant its number and name, as in `docs/internals/append-path.md` or `raft.md`
  public BrokenInvariant(String invariant, String detail) {
    super(invariant + ": " + detail);
  }
}

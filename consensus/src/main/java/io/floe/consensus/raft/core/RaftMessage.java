package io.floe.consensus.raft.core;

import java.util.List;

/// What members send each other. Every message may be lost, late, doubled or overtaken.
public sealed interface RaftMessage {
  /// Group, sender, addressee (incarnations included) and term.
  Header header();

  /// The head of every message.
  ///
  /// @param term the sender's; of a pre-vote, the one that it would begin
  record Header(GroupId group, MemberId from, MemberId to, long term) {}

  /// Raft paper §5.2, §5.4.1; pre-vote: Raft thesis §9.6.
  ///
  /// @param isPreVote only asks; changes nothing at the voter
  /// @param isTransfer asked for by the leader, so voters do not ignore it for having heard from
  ///   one (Raft thesis §3.10)
  record RequestVote(
      Header header, boolean isPreVote, boolean isTransfer, long lastIndex, long lastTerm)
      implements RaftMessage {}

  /// Answer to [RequestVote]. A granted pre-vote bears the term that was asked for.
  record Vote(Header header, boolean isPreVote, boolean isGranted) implements RaftMessage {}

  /// Raft paper §5.3.
  ///
  /// @param entries dense, the first one at `prevIndex + 1`; may be empty
  record AppendEntries(
      Header header, long prevIndex, long prevTerm, long commitIndex, List<Entry> entries)
      implements RaftMessage {
    public AppendEntries {
      entries = List.copyOf(entries);
    }
  }

  /// The sender has, durably, what the leader has, up to `matchIndex`.
  record AppendAck(Header header, long matchIndex) implements RaftMessage {}

  /// The sender has no entry `prevIndex` of the term that the leader gave for it.
  ///
  /// @param conflictTerm the term of the sender's own entry there; 0 when its log ends before
  /// @param conflictIndex its first index with that term, or the first one behind its log
  record AppendReject(Header header, long prevIndex, long conflictTerm, long conflictIndex)
      implements RaftMessage {}

  /// Says that the leader lives. Needs no disk on either side.
  ///
  /// @param commitIndex not above what the addressee acked
  /// @param round increases within a term; its acks confirm reads (Raft thesis §6.4)
  record Heartbeat(Header header, long commitIndex, long round) implements RaftMessage {}

  record HeartbeatAck(Header header, long round) implements RaftMessage {}

  /// A piece of a snapshot (Raft thesis §5.2). The addressee says which one it wants next.
  ///
  /// @param snapshotBytes of the whole data
  /// @param checksum CRC32C of the whole data
  /// @param offset of the chunk
  record InstallSnapshot(
      Header header,
      long lastIndex,
      long lastTerm,
      Membership membership,
      int snapshotBytes,
      int checksum,
      int offset,
      Payload chunk)
      implements RaftMessage {}

  /// The sender has the snapshot's first `nextOffset` bytes. (When it is installed, durably, an
  /// [AppendAck] says so.)
  record SnapshotProgress(Header header, long lastIndex, int nextOffset) implements RaftMessage {}

  /// The addressee is to begin an election at once (Raft thesis §3.10).
  record TimeoutNow(Header header) implements RaftMessage {}

  /// Asks the leader for a read index.
  ///
  /// @param readId never used twice by a sender, not even in two lives
  record ReadRequest(Header header, long readId) implements RaftMessage {}

  /// Answer to [ReadRequest].
  ///
  /// @param readIndex what must be applied before the read; 0: not from this node
  record ReadReply(Header header, long readId, long readIndex) implements RaftMessage {}
}

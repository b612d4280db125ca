------------------------------ MODULE TraceSpec ------------------------------
(***************************************************************************)
(* Checks that a trace of running nodes is a behaviour of MetadataRaft.    *)
(* Each line of the trace names a node, an action and the node's state     *)
(* after it; TLC takes exactly that action, with the arguments that the    *)
(* line gives, and the state must be the one that the line gives.  What a  *)
(* line leaves open (which vote request, which of several unsynced states  *)
(* a restart found) TLC searches.                                          *)
(*                                                                         *)
(* The module TraceData, made from the trace, holds the lines.  The trace  *)
(* is accepted when the search ends past its last line, one state for each *)
(* line and one before the first: its depth is Len(Trace) + 1.  When it is *)
(* d instead, line d is the first that no behaviour explains.              *)
(*                                                                         *)
(* See README.md for the lines.                                            *)
(***************************************************************************)
EXTENDS MetadataRaft, TraceData

VARIABLES
  line,   \* the next line of the trace
  queue,  \* node -> <<[line, image]>>: states that it has taken since its last sync
  asked   \* read -> number of entries committed when it was asked

traceVars == <<vars, line, queue, asked>>

NobodyCampaigns == [t \in Terms |-> {}]

-----------------------------------------------------------------------------
Still == UNCHANGED vars

\* What the disk holds may be acked again. After a restart that is more than was ever reported durable:
\* a write that was on its way may have arrived. (No line says that an append brought nothing new.)
AckDisk(n) == \E img \in {Disk(n)} : SyncImage(n, img)

\* A node that hears of a leader or of a higher term follows.
Follow(n, e) ==
  IF e.term > term[n] THEN LearnTerm(n, e.term)
  ELSE IF role[n] = "follower" THEN AckDisk(n) ELSE StepDown(n)

Noops(t, count) == [i \in 1..count |-> Noop(t)]

\* The log changes, so it ends where the append ends.
Accept(n, e) ==
  LET l == leaderLog[e.term]
      fitting == {p \in 0..Lesser(e.lastIndex, Len(log[n])) : p <= Len(l) /\ Fits(n, l, p)}
  IN \E prev \in {Max(fitting)} :
       HandleAppend(n, e.term, prev, e.lastIndex - prev, IF e.commit > commit[n] THEN e.commit ELSE 0)

\* The images that a crash may leave: the disk's, or that of a later write which was durable all the same.
Survivors(n) == {Disk(n)} \cup {q.image : q \in Range(queue[n])}

\* What the line says about its node, afterwards.
Agrees(e) ==
  LET n == e.node
  IN /\ inc'[n] = e.inc
     /\ role'[n] = e.role
     /\ term'[n] = e.term
     /\ vote'[n] = e.vote
     /\ Len(log'[n]) = e.lastIndex
     /\ LastTerm(log'[n]) = e.lastTerm
     /\ commit'[n] = e.commit
     /\ snap'[n].index = e.snapshot

\* The action that a line names. What the specification does in one action and the program in several
\* lines is done by the line that completes it.
Taken(e) ==
  LET n == e.node
  IN CASE e.action = "Campaign" -> Campaign(n)
       [] e.action \in {"PreCampaign", "BecomeFollower", "RejectAppend"} -> Follow(n, e)
       [] e.action = "GrantVote" ->
            \E r \in voteReqs : r.term = e.term /\ r.cand = e.vote /\ HandleRequestVote(n, r)
       [] e.action = "BecomeLeader" -> BecomeLeader(n)
       [] e.action = "Propose" ->
            e.lastIndex > Len(log[n]) /\ AppendOwn(n, Noops(term[n], e.lastIndex - Len(log[n])))
       [] e.action = "ChangeConfig" -> ChangeConfig(n, Config(e.voters, e.observers))
       [] e.action = "HandleAppend" ->
            IF e.lastIndex = Len(log[n]) /\ e.lastTerm = LastTerm(log[n]) THEN Follow(n, e)
            ELSE Accept(n, e)
       [] e.action = "AdvanceCommit" ->
            IF role[n] = "leader" THEN AdvanceCommit(n, e.commit)
            ELSE Fits(n, leaderLog[term[n]], e.commit)
                   /\ HandleAppend(n, term[n], e.commit, 0, e.commit)
       [] e.action = "Compact" -> Compact(n, e.snapshot)
       [] e.action = "InstallSnapshot" ->
            \E m \in snapSent : m.snap.index = e.snapshot /\ HandleSnapshot(n, m)
       [] e.action = "Persisted" ->
            LET done == {i \in 1..Len(queue[n]) : queue[n][i].line <= e.upTo}
            IN IF done = {} THEN Still
               ELSE \E img \in {queue[n][Max(done)].image} : SyncImage(n, img)
       [] e.action = "Restart" -> \E img \in Survivors(n) : RestartWith(n, img)
       [] e.action = "Wipe" -> Wipe(n)
       [] e.action = "AskRead" -> Still
       [] e.action = "ServeRead" -> Still /\ e.read \in DOMAIN asked /\ e.index >= asked[e.read]
       [] OTHER -> Still

QueueAfter(e) ==
  LET n == e.node
      rest == SelectSeq(queue[n], LAMBDA q : q.line > e.upTo)
  IN CASE e.action \in {"Restart", "Wipe"} -> << >>
       [] e.action = "Persisted" -> rest
       [] OTHER -> IF Image(n)' = Image(n) THEN queue[n]
                   ELSE Append(queue[n], [line |-> e.seq, image |-> Image(n)'])

TraceInit ==
  /\ Init
  /\ line = 1
  /\ queue = [n \in Nodes |-> << >>]
  /\ asked = << >>

\* The line is bound by \E: under LET, a prime would also reach the `line` in it.
TraceNext ==
  /\ line <= Len(Trace)
  /\ line' = line + 1
  /\ \E e \in {Trace[line]} :
       /\ Taken(e)
       /\ Agrees(e)
       /\ queue' = [queue EXCEPT ![e.node] = QueueAfter(e)]
       /\ asked' = IF e.action = "AskRead" THEN asked @@ (e.read :> Len(committed)) ELSE asked

TraceSpecification == TraceInit /\ [][TraceNext]_traceVars
=============================================================================

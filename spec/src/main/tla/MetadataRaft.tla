---------------------------- MODULE MetadataRaft ----------------------------
(***************************************************************************)
(* The Raft group that replicates Floe's metadata log, with the parts that *)
(* are Floe's own:                                                         *)
(*                                                                         *)
(*  - a server is a pair <<node, incarnation>>.  A node that returns with  *)
(*    an empty directory is another server; the old one is gone for ever   *)
(*    and nothing that the new one says counts for it;                     *)
(*  - observers replicate, they neither vote nor count;                    *)
(*  - commands are conditional (expected version) and are retried under a  *)
(*    client session (client, sequence);                                   *)
(*  - what a server says rests on what its disk holds: a vote, a vote      *)
(*    request and an ack leave only after the sync they depend on.         *)
(*                                                                         *)
(* Messages are not modelled as objects in flight.  A message that was     *)
(* sent can arrive at any later moment, any number of times, at any node,  *)
(* or never: so it is enough to remember what was sent.  Votes and vote    *)
(* requests are sets that only grow.  What the leader of a term could have *)
(* put into an append is any slice of the log that it had in that term,    *)
(* since a leader only appends: leaderLog[t].  Of acks only the highest    *)
(* matters, since they are cumulative.  Loss, duplication, delay and       *)
(* reordering therefore need no actions of their own.                      *)
(*                                                                         *)
(* Left out: pre-vote, check-quorum, leadership transfer and timers (they  *)
(* only restrict when a node campaigns, here it may at any time), liveness,*)
(* and what README.md lists.                                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
  Nodes,          \* node ids
  InitVoters,     \* nodes whose first incarnation founds the group
  InitObservers,  \* nodes that the founding membership names as observers
  MaxTerm,        \* bounds of the model; term 1 is the founding, nobody is elected in it
  MaxLog,
  Campaigners,    \* term -> nodes that campaign in it
  MaxCandidates,  \* servers that campaign in one term, at most
  MaxBatch,       \* entries in one append, at most
  Clients,        \* client ids (strings)
  MaxSeq,         \* commands of each client
  Expectations,   \* expected versions that commands carry; Unconditional is one
  MaxCopies,      \* copies of a command in one log, at most (retries)
  SyncLater,      \* TRUE: a change is durable only after Sync
  Crashes,        \* TRUE: nodes crash and lose what is not synced
  MaxWipes,       \* directories lost, at most
  MaxConfigs,     \* config changes in one log, at most, the founding included
  Snapshots,      \* TRUE: nodes compact and install snapshots
  WithRead,       \* TRUE: one linearizable read happens
  LearnTerms,     \* TRUE: a node hears of a higher term without more
  Mutation        \* "none", or the name of a planted bug

Unconditional == 99
Nobody == << >>
Terms == 1..MaxTerm
Incarnations == 1..(MaxWipes + 1)
Servers == Nodes \X Incarnations

VARIABLES
  \* volatile state of each node
  inc,        \* incarnation of its directory
  role,       \* "follower", "candidate", "leader"
  term,
  vote,       \* server voted for in this term, or Nobody
  log,        \* from index 1; entries up to snap.index are kept only to state properties
  snap,       \* [index, state, config]: what compaction kept
  commit,
  \* what its disk still holds, [term, vote, log, snap], when that is not the volatile state, else << >>
  behind,
  wipes,
  \* what was sent and can still arrive
  voteReqs,   \* {[term, cand, lastIndex, lastTerm]}
  votes,      \* {[term, voter, cand]}
  leaderLog,  \* term -> the log of its leader
  leaderCommit, \* term -> the highest commit index that its leader announced
  acked,      \* term -> server -> highest index it acked as durable
  snapSent,   \* {[term, snap, prefix]}
  \* history that only the properties read
  leaders,    \* {<<term, server>>}
  committed,  \* <<[entry, at]>>: what some leader committed, and in which term
  replies,    \* {[client, seq, result]} that clients were given
  read        \* the one linearizable read: [state, server, term, index, need, confirmed]

nodeVars == <<inc, role, term, vote, log, snap, commit>>
sentVars == <<voteReqs, votes, leaderLog, leaderCommit, acked, snapSent>>
historyVars == <<leaders, committed, replies, read>>
vars == <<nodeVars, behind, wipes, sentVars, historyVars>>

-----------------------------------------------------------------------------
\* Small things

Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Lesser(a, b) == IF a < b THEN a ELSE b
Greater(a, b) == IF a > b THEN a ELSE b
Range(s) == {s[i] : i \in DOMAIN s}
IsPrefix(a, b) == Len(a) <= Len(b) /\ SubSeq(b, 1, Len(a)) = a

CommonPrefix(a, b) ==
  LET shorter == Lesser(Len(a), Len(b))
  IN IF SubSeq(a, 1, shorter) = SubSeq(b, 1, shorter) THEN shorter
     ELSE Min({i \in 1..shorter : a[i] # b[i]}) - 1

Me(n) == <<n, inc[n]>>
LastTerm(l) == IF l = << >> THEN 0 ELSE l[Len(l)].term

-----------------------------------------------------------------------------
\* Configurations

Config(voters, observers) == [voters |-> voters, observers |-> observers]
NoConfig == Config({}, {})
InitConfig == Config(InitVoters \X {1}, InitObservers \X {1})
Members(cfg) == cfg.voters \cup cfg.observers

\* Entries: a term and a body. Bodies of the three kinds are tuples of different lengths, which keeps
\* states small and comparable.
Noop(t) == [term |-> t, body |-> << >>]
CommandOf(t, cmd) == [term |-> t, body |-> <<cmd.client, cmd.seq, cmd.expect>>]
ConfigChange(t, cfg) == [term |-> t, body |-> <<cfg.voters, cfg.observers>>]
IsConfig(e) == Len(e.body) = 2
IsCommand(e) == Len(e.body) = 3
ConfigEntry(e) == Config(e.body[1], e.body[2])
CommandIn(e) == [client |-> e.body[1], seq |-> e.body[2], expect |-> e.body[3]]

\* The latest config of a log counts from the moment it is appended.
ConfigIn(l, s) ==
  LET changes == {i \in (s.index + 1)..Len(l) : IsConfig(l[i])}
  IN IF changes = {} THEN s.config ELSE ConfigEntry(l[Max(changes)])

ConfigOf(n) == ConfigIn(log[n], snap[n])

\* Every founder begins with the founding membership as entry 1 of term 1 on its disk.
Founding == ConfigChange(1, InitConfig)

IsMajority(S, cfg) == Cardinality(S \cap cfg.voters) * 2 > Cardinality(cfg.voters)

\* How candidates and leaders count.
IsQuorum(S, cfg) ==
  CASE Mutation = "ObserverCounts" ->
         Cardinality(S \cap Members(cfg)) * 2 > Cardinality(cfg.voters)
    [] Mutation = "IncarnationIgnored" ->
         IsMajority({v \in cfg.voters : \E s \in S : s[1] = v[1]}, cfg)
    [] OTHER -> IsMajority(S, cfg)

\* Configs one step away: one server comes, changes its role or goes.
OneStep(cfg) ==
     {Config(cfg.voters, cfg.observers \cup {s}) :
        s \in {r \in Nodes \X Incarnations :
                 /\ r[2] <= inc[r[1]]  \* perhaps it lost its directory since it was asked for
                 /\ \A m \in Members(cfg) : m[1] # r[1]}}
  \cup {Config(cfg.voters \cup {s}, cfg.observers \ {s}) : s \in cfg.observers}
  \cup {Config(cfg.voters \ {s}, cfg.observers) :
          s \in {v \in cfg.voters : Cardinality(cfg.voters) > 1}}
  \cup {Config(cfg.voters, cfg.observers \ {s}) : s \in cfg.observers}

-----------------------------------------------------------------------------
\* The state machine

Commands == [client : Clients, seq : 1..MaxSeq, expect : Expectations]

\* `done` is the database: the commands that took effect, in order. Its length is the version.
EmptyMachine == [done |-> << >>, sessions |-> [c \in Clients |-> [seq |-> 0, result |-> "none"]]]

Execute(s, cmd) ==
  LET session == s.sessions[cmd.client]
      refused == /\ cmd.expect # Unconditional
                 /\ cmd.expect # Len(s.done)
                 /\ Mutation # "ConditionOnlyAtTheEdge"
      result == IF refused THEN "refused" ELSE "ok"
  IN IF Mutation # "NoDedupe" /\ cmd.seq = session.seq
       THEN [state |-> s, result |-> session.result]
     ELSE IF Mutation # "NoDedupe" /\ cmd.seq < session.seq
       THEN [state |-> s, result |-> "stale"]
     ELSE [state |->
             [done |-> IF refused THEN s.done
                       ELSE Append(s.done, [client |-> cmd.client, seq |-> cmd.seq,
                                            expect |-> cmd.expect]),
              sessions |-> [s.sessions EXCEPT ![cmd.client] = [seq |-> cmd.seq, result |-> result]]],
           result |-> result]

ApplyEntry(s, e) == IF IsCommand(e) THEN Execute(s, CommandIn(e)).state ELSE s

RECURSIVE Replay(_, _, _, _)
Replay(s, l, from, to) == IF from > to THEN s ELSE Replay(ApplyEntry(s, l[from]), l, from + 1, to)

StateIn(s) == IF s.index = 0 THEN EmptyMachine ELSE s.state
MachineAt(n, i) == Replay(StateIn(snap[n]), log[n], snap[n].index + 1, i)

NoSnap == [index |-> 0, state |-> << >>, config |-> NoConfig]

-----------------------------------------------------------------------------
\* What leaves a server once an image of its state is durable

Image(n) == [term |-> term[n], vote |-> vote[n], log |-> log[n], snap |-> snap[n]]
Disk(n) == IF behind[n] = << >> THEN Image(n) ELSE behind[n]

VotesOf(n, img) ==
  IF img.vote = Nobody THEN {}
  ELSE {[term |-> img.term, voter |-> Me(n)', cand |-> img.vote]}

\* A vote request names the end of the log: it may leave only when that log is durable, or the same
\* server could ask twice in one term for two different logs.
RequestsOf(n, img) ==
  IF role'[n] = "candidate" /\ term'[n] = img.term /\ img.vote = Me(n)'
  THEN {[term |-> img.term, cand |-> Me(n)', lastIndex |-> Len(img.log),
         lastTerm |-> LastTerm(img.log)]}
  ELSE {}

\* A server acks what its disk shares with the log of the leader of its term.
AckIndex(img) ==
  IF Mutation = "AckUnverified" THEN Lesser(Len(img.log), Len(leaderLog'[img.term]))
  ELSE CommonPrefix(img.log, leaderLog'[img.term])

AckedWith(n, img) ==
  IF img.term = 0 THEN acked
  ELSE IF leaderLog'[img.term] = << >> THEN acked
  ELSE [acked EXCEPT ![img.term][Me(n)'] = Greater(@, AckIndex(img))]

\* What the disk gets of an image.
Written(img) ==
  CASE Mutation = "VoteNotPersisted" -> [img EXCEPT !.vote = Nobody]
    [] OTHER -> img

\* `img` becomes durable on n, and what waited for it leaves. The last conjunct of every action that
\* changes what a node must keep; leaderLog', role', term' are determined before it.
SyncTo(n, img) ==
  /\ behind' = [behind EXCEPT ![n] = IF Written(img) = Image(n)' THEN << >> ELSE Written(img)]
  /\ votes' = votes \cup VotesOf(n, img)
  /\ voteReqs' = voteReqs \cup RequestsOf(n, img)
  /\ acked' = AckedWith(n, img)

\* The volatile state has changed and waits for its sync, or there is nothing to wait for.
Later(n, img) ==
  /\ behind' = [behind EXCEPT ![n] = Disk(n)]
  /\ votes' = votes
  /\ voteReqs' = IF Mutation = "RequestBeforeSync" THEN voteReqs \cup RequestsOf(n, img) ELSE voteReqs
  /\ acked' = IF Mutation = "AckBeforeSync" THEN AckedWith(n, img) ELSE acked

PersistSoon(n) ==
  \E img \in {Image(n)'} :  \* not LET: TLC would evaluate it at each use
    IF SyncLater /\ img # Disk(n) THEN Later(n, img) ELSE SyncTo(n, img)

-----------------------------------------------------------------------------
Init ==
  /\ inc = [n \in Nodes |-> 1]
  /\ role = [n \in Nodes |-> "follower"]
  /\ term = [n \in Nodes |-> IF n \in InitVoters THEN 1 ELSE 0]
  /\ vote = [n \in Nodes |-> Nobody]
  /\ log = [n \in Nodes |-> IF n \in InitVoters THEN <<Founding>> ELSE << >>]
  /\ snap = [n \in Nodes |-> NoSnap]
  /\ commit = [n \in Nodes |-> 0]
  /\ behind = [n \in Nodes |-> << >>]
  /\ wipes = 0
  /\ voteReqs = {}
  /\ votes = {}
  /\ leaderLog = [t \in Terms |-> << >>]
  /\ leaderCommit = [t \in Terms |-> 0]
  /\ acked = [t \in Terms |-> [s \in Servers |-> 0]]
  /\ snapSent = {}
  /\ leaders = {}
  /\ committed = << >>
  /\ replies = {}
  /\ read = [state |-> "none", server |-> Nobody, term |-> 0, index |-> 0, need |-> 0,
             confirmed |-> {}]

-----------------------------------------------------------------------------
\* Elections (Raft 5.2, 5.4.1)

\* A voter of its own config asks for votes.
Campaign(n) ==
  /\ role[n] # "leader"
  /\ Me(n) \in ConfigOf(n).voters
  /\ term[n] + 1 \in Terms
  /\ term' = [term EXCEPT ![n] = @ + 1]
  /\ vote' = [vote EXCEPT ![n] = Me(n)]
  /\ role' = [role EXCEPT ![n] = "candidate"]
  /\ UNCHANGED <<inc, log, snap, commit, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
  /\ PersistSoon(n)

IsUpToDate(r, n) ==
  \/ r.lastTerm > LastTerm(log[n])
  \/ r.lastTerm = LastTerm(log[n]) /\ r.lastIndex >= Len(log[n])

\* A request arrives; the higher term is taken over, the vote is given when it can be. Servers vote
\* without asking whether they are voters: their own config may be old. Who counts is the candidate's
\* affair.
HandleRequestVote(n, r) ==
  LET seen == IF r.term > term[n] THEN Nobody ELSE vote[n]
      grant == /\ seen \in {Nobody, r.cand}
               /\ IsUpToDate(r, n)
  IN /\ r.term >= term[n]
     /\ r.cand # Me(n)
     /\ term' = [term EXCEPT ![n] = r.term]
     /\ vote' = [vote EXCEPT ![n] = IF grant THEN r.cand ELSE seen]
     /\ role' = [role EXCEPT ![n] = IF r.term > term[n] THEN "follower" ELSE @]
     /\ UNCHANGED <<inc, log, snap, commit, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
     /\ PersistSoon(n)

\* Any message of a higher term makes a follower.
LearnTerm(n, t) ==
  /\ t > term[n]
  /\ term' = [term EXCEPT ![n] = t]
  /\ vote' = [vote EXCEPT ![n] = Nobody]
  /\ role' = [role EXCEPT ![n] = "follower"]
  /\ UNCHANGED <<inc, log, snap, commit, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
  /\ PersistSoon(n)

\* A new leader appends an entry of its own term at once: only that lets it commit what is older.
BecomeLeader(n) ==
  LET given == {v.voter : v \in {w \in votes : w.term = term[n] /\ w.cand = Me(n)}}
  IN /\ role[n] = "candidate"
     /\ IsQuorum(given, ConfigOf(n))
     /\ Len(log[n]) < MaxLog
     /\ role' = [role EXCEPT ![n] = "leader"]
     /\ log' = [log EXCEPT ![n] = Append(@, Noop(term[n]))]
     /\ leaderLog' = [leaderLog EXCEPT ![term[n]] = log'[n]]
     /\ leaderCommit' = [leaderCommit EXCEPT ![term[n]] = commit[n]]
     /\ leaders' = leaders \cup {<<term[n], Me(n)>>}
     /\ snapSent' = IF snap[n].index = 0 THEN snapSent
                    ELSE snapSent \cup {[term |-> term[n], snap |-> snap[n],
                                         prefix |-> SubSeq(log[n], 1, snap[n].index)]}
     /\ UNCHANGED <<inc, term, vote, snap, commit, wipes, committed, replies, read>>
     /\ PersistSoon(n)

\* A leader or candidate gives up its role and keeps its term.
StepDown(n) ==
  /\ role[n] # "follower"
  /\ role' = [role EXCEPT ![n] = "follower"]
  /\ UNCHANGED <<inc, term, vote, log, snap, commit, behind, wipes, sentVars, historyVars>>

-----------------------------------------------------------------------------
\* The log (Raft 5.3, 5.4.2)

AppendOwn(n, entries) ==
  /\ role[n] = "leader"
  /\ Len(log[n]) + Len(entries) <= MaxLog
  /\ log' = [log EXCEPT ![n] = @ \o entries]
  /\ leaderLog' = [leaderLog EXCEPT ![term[n]] = log'[n]]
  /\ UNCHANGED <<inc, role, term, vote, snap, commit, wipes, leaderCommit, snapSent, historyVars>>
  /\ PersistSoon(n)

\* A client sends its next command only when the one before was answered; it may send the current one
\* again, to anybody, at any time. The same sequence always names the same command.
MaySend(cmd) ==
  /\ cmd.seq > 1 => \E r \in replies : r.client = cmd.client /\ r.seq = cmd.seq - 1
  /\ \A t \in Terms : \A i \in 1..Len(leaderLog[t]) :
       IsCommand(leaderLog[t][i]) =>
         LET other == CommandIn(leaderLog[t][i])
         IN other.client = cmd.client /\ other.seq = cmd.seq => other = cmd

Copies(l, cmd) == Cardinality({i \in 1..Len(l) : IsCommand(l[i]) /\ CommandIn(l[i]) = cmd})

Propose(n, cmd) ==
  /\ role[n] = "leader"
  /\ MaySend(cmd)
  /\ Copies(log[n], cmd) < MaxCopies
  /\ AppendOwn(n, <<CommandOf(term[n], cmd)>>)

\* An append that starts behind `prev` fits when the logs agree there.
Fits(n, l, prev) ==
  IF prev <= snap[n].index THEN TRUE
  ELSE prev <= Len(log[n]) /\ log[n][prev].term = l[prev].term

\* The log after `count` entries of l behind prev. Only a real conflict truncates: an append may be old.
Merged(n, l, prev, count) ==
  LET end == prev + count
      conflicts == {i \in (prev + 1)..end :
                      i > snap[n].index /\ i <= Len(log[n]) /\ log[n][i].term # l[i].term}
  IN CASE Mutation = "TruncateAlways" -> SubSeq(l, 1, end)
       [] Mutation # "TruncateAlways" /\ conflicts = {} /\ end <= Len(log[n]) -> log[n]
       [] OTHER -> SubSeq(log[n], 1, Lesser(prev, Len(log[n])))
                     \o SubSeq(l, Lesser(prev, Len(log[n])) + 1, end)

\* An append of the leader of term t arrives: entries prev+1 .. prev+count and a commit index.
HandleAppend(n, t, prev, count, c) ==
  LET l == leaderLog[t]
      fits == Fits(n, l, prev)
  IN /\ l # << >>
     /\ t >= term[n]
     /\ ~(role[n] = "leader" /\ term[n] = t)
     /\ prev + count <= Len(l)
     /\ c <= leaderCommit[t]
     /\ term' = [term EXCEPT ![n] = t]
     /\ vote' = [vote EXCEPT ![n] = IF t > term[n] THEN Nobody ELSE @]
     /\ role' = [role EXCEPT ![n] = "follower"]
     /\ log' = [log EXCEPT ![n] = IF fits THEN Merged(n, l, prev, count) ELSE @]
     /\ commit' = [commit EXCEPT ![n] = IF fits THEN Greater(@, Lesser(c, prev + count)) ELSE @]
     /\ UNCHANGED <<inc, snap, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
     /\ PersistSoon(n)

RepliesOf(n, from, to) ==
  {[client |-> CommandIn(log[n][i]).client, seq |-> CommandIn(log[n][i]).seq,
    result |-> Execute(MachineAt(n, i - 1), CommandIn(log[n][i])).result] :
     i \in {j \in from..to : IsCommand(log[n][j])}}

\* Entries of the leader's own term are committed by counting, older ones with them.
AdvanceCommit(n, i) ==
  /\ role[n] = "leader"
  /\ i > commit[n] /\ i <= Len(log[n])
  /\ log[n][i].term = term[n] \/ Mutation = "CommitOlderTerm"
  /\ IsQuorum({s \in Servers : acked[term[n]][s] >= i}, ConfigOf(n))
  /\ commit' = [commit EXCEPT ![n] = i]
  /\ leaderCommit' = [leaderCommit EXCEPT ![term[n]] = Greater(@, i)]
  /\ committed' = committed \o [j \in 1..(i - Lesser(i, Len(committed))) |->
                                  [entry |-> log[n][Len(committed) + j], at |-> term[n]]]
  /\ replies' = replies \cup {r \in RepliesOf(n, commit[n] + 1, i) : r.result # "stale"}
  /\ UNCHANGED <<inc, role, term, vote, log, snap, behind, wipes, voteReqs, votes, leaderLog, acked,
                 snapSent, leaders, read>>

-----------------------------------------------------------------------------
\* Membership (Raft dissertation 4.1, with the correction of 2015: not before an own entry is committed)

ConfigsIn(l) == Cardinality({i \in 1..Len(l) : IsConfig(l[i])})

ChangeConfig(n, cfg) ==
  /\ role[n] = "leader"
  \* Entry 1 is the founding, which every founder has: it is never pending.
  /\ \/ \A i \in Greater(2, commit[n] + 1)..Len(log[n]) : ~IsConfig(log[n][i])
     \/ Mutation = "SecondChangePending"
  /\ \/ \E i \in 1..commit[n] : log[n][i].term = term[n]
     \/ Mutation = "ChangeBeforeOwnCommit"
  /\ cfg \in OneStep(ConfigOf(n))
  /\ AppendOwn(n, <<ConfigChange(term[n], cfg)>>)

-----------------------------------------------------------------------------
\* Snapshots (Raft 7)

SnapAt(n, i) ==
  [index |-> i,
   state |-> CASE Mutation = "SnapshotForgetsEntry" -> MachineAt(n, i - 1)
               [] Mutation = "SnapshotForgetsSessions" ->
                    [MachineAt(n, i) EXCEPT !.sessions = EmptyMachine.sessions]
               [] OTHER -> MachineAt(n, i),
   config |-> IF Mutation = "SnapshotForgetsConfig" THEN InitConfig
              ELSE ConfigIn(SubSeq(log[n], 1, i), snap[n])]

\* A node replaces its log up to i by the state there; a leader can send that from now on.
Compact(n, i) ==
  /\ i > snap[n].index /\ i <= commit[n]
  /\ snap' = [snap EXCEPT ![n] = SnapAt(n, i)]
  /\ snapSent' = IF role[n] = "leader"
                 THEN snapSent \cup {[term |-> term[n], snap |-> snap'[n],
                                      prefix |-> SubSeq(log[n], 1, i)]}
                 ELSE snapSent
  /\ UNCHANGED <<inc, role, term, vote, log, commit, wipes, leaderLog, leaderCommit, historyVars>>
  /\ PersistSoon(n)

\* The last chunk of a snapshot arrives. One that ends below the commit index says nothing new; one
\* whose last entry is in the log keeps what follows it.
HandleSnapshot(n, m) ==
  LET i == m.snap.index
      has == i <= Len(log[n]) /\ log[n][i].term = m.prefix[i].term
      installs == i > commit[n] \/ Mutation = "SnapshotRewinds"
  IN /\ m.term >= term[n]
     /\ ~(role[n] = "leader" /\ term[n] = m.term)
     /\ term' = [term EXCEPT ![n] = m.term]
     /\ vote' = [vote EXCEPT ![n] = IF m.term > term[n] THEN Nobody ELSE @]
     /\ role' = [role EXCEPT ![n] = "follower"]
     /\ snap' = [snap EXCEPT ![n] = IF installs THEN m.snap ELSE @]
     /\ log' = [log EXCEPT ![n] = IF ~installs THEN @
                                  ELSE IF has /\ Mutation # "SnapshotRewinds" THEN @
                                  ELSE m.prefix]
     /\ commit' = [commit EXCEPT ![n] = IF installs THEN i ELSE @]
     /\ UNCHANGED <<inc, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
     /\ PersistSoon(n)

-----------------------------------------------------------------------------
\* Disks and processes

SyncImage(n, img) ==
  /\ UNCHANGED <<nodeVars, wipes, leaderLog, leaderCommit, snapSent, historyVars>>
  /\ SyncTo(n, img)

\* Everything that a node keeps becomes durable. A sync of less is one that happened earlier, and what
\* it let go was received later.
Sync(n) ==
  /\ behind[n] # << >>
  /\ SyncImage(n, Image(n))

\* The process dies and starts again with `img`, which its disk holds. A sync that failed or did not
\* return, and was durable all the same, is a Sync right before the crash.
RestartWith(n, img) ==
  /\ role' = [role EXCEPT ![n] = "follower"]
  /\ term' = [term EXCEPT ![n] = img.term]
  /\ vote' = [vote EXCEPT ![n] = img.vote]
  /\ log' = [log EXCEPT ![n] = img.log]
  /\ snap' = [snap EXCEPT ![n] = img.snap]
  /\ commit' = [commit EXCEPT ![n] = img.snap.index]
  /\ behind' = [behind EXCEPT ![n] = << >>]
  /\ UNCHANGED <<inc, wipes, sentVars, historyVars>>

Crash(n) == RestartWith(n, Disk(n))

\* The directory is lost with its process; the node returns as another server, which knows nobody.
Wipe(n) ==
  LET blank == IF Mutation = "EmptySeedFounds"
               THEN [term |-> 1, vote |-> Nobody, snap |-> NoSnap,
                     log |-> <<ConfigChange(1, Config({<<n, inc[n] + 1>>}, {}))>>]
               ELSE [term |-> 0, vote |-> Nobody, snap |-> NoSnap, log |-> << >>]
  IN /\ wipes < MaxWipes
     /\ wipes' = wipes + 1
     /\ inc' = [inc EXCEPT ![n] = IF Mutation = "WipedKeepsIncarnation" THEN @ ELSE @ + 1]
     /\ role' = [role EXCEPT ![n] = "follower"]
     /\ term' = [term EXCEPT ![n] = blank.term]
     /\ vote' = [vote EXCEPT ![n] = blank.vote]
     /\ log' = [log EXCEPT ![n] = blank.log]
     /\ snap' = [snap EXCEPT ![n] = blank.snap]
     /\ commit' = [commit EXCEPT ![n] = 0]
     /\ behind' = [behind EXCEPT ![n] = << >>]
     /\ UNCHANGED <<sentVars, historyVars>>

-----------------------------------------------------------------------------
\* One linearizable read by read index (Raft dissertation 6.4). Reads change nothing, so that one read
\* at any moment of any behaviour stands for all. A read on another node asks the leader for the index.

StartRead(n) ==
  /\ read.state = "none"
  /\ role[n] = "leader"
  /\ \/ \E i \in 1..commit[n] : log[n][i].term = term[n]
     \/ Mutation = "ReadBeforeOwnCommit"
  /\ read' = [state |-> "open", server |-> Me(n), term |-> term[n], index |-> commit[n],
              need |-> Len(committed), confirmed |-> {Me(n)}]
  /\ UNCHANGED <<nodeVars, behind, wipes, sentVars, leaders, committed, replies>>

\* A server that is still in the leader's term answers a heartbeat that was sent after the read began.
ConfirmRead(n) ==
  /\ read.state = "open"
  /\ term[n] = read.term
  /\ read' = [read EXCEPT !.confirmed = @ \cup {Me(n)}]
  /\ UNCHANGED <<nodeVars, behind, wipes, sentVars, leaders, committed, replies>>

ServeRead(n) ==
  /\ read.state = "open"
  /\ read.server = Me(n) /\ role[n] = "leader" /\ term[n] = read.term
  /\ \/ IsQuorum(read.confirmed, ConfigOf(n))
     \/ Mutation = "ReadWithoutQuorum"
  /\ read' = [read EXCEPT !.state = "served", !.confirmed = {}]
  /\ UNCHANGED <<nodeVars, behind, wipes, sentVars, leaders, committed, replies>>

-----------------------------------------------------------------------------
\* Of the requests and appends that can arrive, those that change nothing are not tried; and of the
\* appends that end at the same index only one: where two of them fit, they make the same log. (Commit
\* index 1 is never announced alone: every founder has that entry.)
Votable(n) == {r \in voteReqs : r.term > term[n] \/ (r.term = term[n] /\ vote[n] = Nobody)}

\* n has acked everything up to `end` to this leader.
IsKnown(n, t, end) ==
  /\ term[n] = t /\ role[n] = "follower" /\ end <= acked[t][Me(n)]
  /\ Mutation # "TruncateAlways"

Candidates(t) ==
  {r.cand : r \in {q \in voteReqs : q.term = t}}
    \cup {Me(m) : m \in {q \in Nodes : term[q] = t /\ role[q] = "candidate"}}

BestPrev(n, l, end) ==
  LET fitting == {p \in (end - Lesser(end, MaxBatch))..end : Fits(n, l, p)}
  IN IF fitting = {} THEN {} ELSE {Max(fitting)}

Next ==
  \/ \E n \in Nodes :
       \/ /\ term[n] < MaxTerm
          /\ n \in Campaigners[term[n] + 1]
          /\ Cardinality(Candidates(term[n] + 1) \ {Me(n)}) < MaxCandidates
          /\ Campaign(n)
       \/ \E r \in Votable(n) : HandleRequestVote(n, r)
       \/ BecomeLeader(n)
       \/ role[n] = "leader" /\ \E cmd \in Commands : Propose(n, cmd)
       \/ \E t \in {u \in Terms : u >= term[n] /\ leaderLog[u] # << >>} :
            \E end \in 0..Len(leaderLog[t]) :
              \E prev \in BestPrev(n, leaderLog[t], end) :
                \E c \in (IF IsKnown(n, t, end) THEN {} ELSE {0})
                          \cup (Greater(2, commit[n] + 1)..Lesser(leaderCommit[t], end)) :
                  HandleAppend(n, t, prev, end - prev, c)
       \/ role[n] = "leader" /\ \E i \in (commit[n] + 1)..Len(log[n]) : AdvanceCommit(n, i)
  \/ LearnTerms /\ \E n \in Nodes : \E t \in {r.term : r \in voteReqs} : LearnTerm(n, t)
  \/ SyncLater /\ \E n \in Nodes : Sync(n)
  \/ Crashes /\ \E n \in Nodes : Crash(n)
  \/ MaxWipes > 0 /\ \E n \in Nodes : Wipe(n)
  \/ MaxConfigs > 1 /\ \E n \in Nodes :
       /\ role[n] = "leader"
       /\ ConfigsIn(log[n]) < MaxConfigs
       /\ \E cfg \in OneStep(ConfigOf(n)) : ChangeConfig(n, cfg)
  \/ Snapshots /\ \E n \in Nodes :
       \/ Compact(n, commit[n])
       \/ \E m \in snapSent : HandleSnapshot(n, m)
  \/ WithRead /\ \E n \in Nodes : StartRead(n) \/ ConfirmRead(n) \/ ServeRead(n)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
\* Properties

CommittedLog == [i \in 1..Len(committed) |-> committed[i].entry]

TypeOK ==
  /\ inc \in [Nodes -> Incarnations]
  /\ role \in [Nodes -> {"follower", "candidate", "leader"}]
  /\ term \in [Nodes -> 0..MaxTerm]
  /\ \A n \in Nodes :
       /\ vote[n] \in Servers \cup {Nobody}
       /\ snap[n].index <= commit[n]
       /\ commit[n] <= Len(log[n])
       /\ Disk(n).term <= term[n]
       /\ LastTerm(log[n]) <= term[n]

\* At most one server ever wins a term.
ElectionSafety == \A a, b \in leaders : a[1] = b[1] => a[2] = b[2]

\* Logs that agree on the term of an entry agree up to it.
LogMatching ==
  \A m, n \in Nodes :
    LET same == {i \in 1..Lesser(Len(log[m]), Len(log[n])) : log[m][i].term = log[n][i].term}
    IN same # {} => SubSeq(log[m], 1, Max(same)) = SubSeq(log[n], 1, Max(same))

\* A leader has everything that was committed in earlier terms.
LeaderCompleteness ==
  \A n \in Nodes : role[n] = "leader" =>
    \A i \in 1..Len(committed) :
      committed[i].at < term[n] => i <= Len(log[n]) /\ log[n][i] = committed[i].entry

\* What a node takes for committed is committed, and its state machine and its membership are what that
\* log makes.
StateMachineSafety ==
  \A n \in Nodes :
    /\ commit[n] <= Len(committed)
    /\ SubSeq(log[n], 1, commit[n]) = SubSeq(CommittedLog, 1, commit[n])
    /\ snap[n].index > 0 =>
         /\ MachineAt(n, commit[n]) = Replay(EmptyMachine, CommittedLog, 1, commit[n])
         /\ snap[n].config = ConfigIn(SubSeq(CommittedLog, 1, snap[n].index), NoSnap)

\* Those who could form a majority of the committed config, now or after a restart of all, cannot do
\* it without a disk that holds every committed entry.
CommittedNeverLost ==
  LET cfg == ConfigIn(<<Founding>> \o CommittedLog, NoSnap)
      live == {s \in cfg.voters : inc[s[1]] = s[2]}
  IN committed # << >> => ~IsMajority({s \in live : ~IsPrefix(CommittedLog, Disk(s[1]).log)}, cfg)

CommittedMachine == Replay(EmptyMachine, CommittedLog, 1, Len(committed))

\* A command takes effect at most once, however often it was sent.
ExactlyOnce ==
  LET done == CommittedMachine.done
  IN \A i, j \in 1..Len(done) :
       done[i].client = done[j].client /\ done[i].seq = done[j].seq => i = j

\* A command takes effect only at the version that it expects.
ConditionsHold ==
  LET done == CommittedMachine.done
  IN \A i \in 1..Len(done) : done[i].expect \in {Unconditional, i - 1}

\* All answers to a command are the same, and say what happened.
RepliesTruthful ==
  LET done == CommittedMachine.done
  IN \A r \in replies :
       /\ \A q \in replies : q.client = r.client /\ q.seq = r.seq => q.result = r.result
       /\ (r.result = "ok") <=> \E i \in 1..Len(done) : done[i].client = r.client /\ done[i].seq = r.seq

\* A read sees everything that could have been answered before it was asked.
ReadsLinearizable == read.state = "served" => read.index >= read.need
=============================================================================

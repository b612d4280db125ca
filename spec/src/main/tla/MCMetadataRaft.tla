--------------------------- MODULE MCMetadataRaft ---------------------------
\* What the configurations of MetadataRaft put in for its constants.
EXTENDS MetadataRaft

CONSTANTS n1, n2, n3, n4

\* Symmetry: nodes that a configuration does not tell apart.
AllAlike == Permutations(Nodes)
VotersAlike == Permutations(InitVoters)
LastAlike == Permutations(Nodes \ {n1, n2})

\* Who campaigns in which term. Naming one for each term keeps deep behaviours small.
Anyone == [t \in Terms |-> Nodes]
FirstOnly == [t \in Terms |-> {n1}]
TakeTurns == [t \in Terms |-> IF t % 2 = 0 THEN {n1} ELSE {n2}]

\* Constraints that keep the small configurations small.
OneUnsynced == Cardinality({n \in Nodes : behind[n] # << >>}) <= 1
RivalsRefuse == \A v \in votes : v.cand = v.voter \/ v.voter[1] \notin {n1, n2}
OnlyLastWiped == RivalsRefuse /\ inc[n1] = 1 /\ inc[n2] = 1

\* Constraints that cut off what a planted bug does not need, so that it is found in seconds.
OnlyLeadersHave(t) == \A s \in Servers : acked[t][s] > 1 => <<t, s>> \in leaders

OlderTermScenario == RivalsRefuse /\ OnlyLeadersHave(2) /\ OnlyLeadersHave(3)
EarlyRequestScenario == RivalsRefuse /\ OneUnsynced
EarlyChangeScenario ==
  /\ RivalsRefuse /\ OnlyLeadersHave(2)
  /\ Len(log[n4]) = 1
  /\ \A n \in {n1, n3, n4} : commit[n] = 0
  /\ ConfigOf(n1).voters \in {InitConfig.voters, InitConfig.voters \ {<<n2, 1>>}}
  /\ ConfigOf(n2).voters \in {InitConfig.voters, InitConfig.voters \ {<<n1, 1>>}}
=============================================================================

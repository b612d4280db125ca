package io.floe.spec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;

/// A Raft trace (NDJSON, see `spec/README.md`) as the TLA+ module `TraceData`.
///
/// Incarnations are numbers of any size in a trace; here they are counted 1, 2, … for each node, in
/// the order in which the node had them.
final class RaftTraceModule {
  private static final String FORMAT = "floe-raft-trace/1";

  /// The actions of the specification, and the names that the Raft core gives them.
  private static final Map<String, String> ACTIONS =
      Map.ofEntries(
          Map.entry("BECOME_CANDIDATE", "Campaign"),
          Map.entry("BECOME_PRE_CANDIDATE", "PreCampaign"),
          Map.entry("BECOME_FOLLOWER", "BecomeFollower"),
          Map.entry("BECOME_LEADER", "BecomeLeader"),
          Map.entry("GRANT_VOTE", "GrantVote"),
          Map.entry("CLIENT_REQUEST", "Propose"),
          Map.entry("CHANGE_MEMBERSHIP", "ChangeConfig"),
          Map.entry("ACCEPT_ENTRIES", "HandleAppend"),
          Map.entry("REJECT_ENTRIES", "RejectAppend"),
          Map.entry("ADVANCE_COMMIT_INDEX", "AdvanceCommit"),
          Map.entry("INSTALL_SNAPSHOT", "InstallSnapshot"),
          Map.entry("COMPACT", "Compact"),
          Map.entry("PERSISTED", "Persisted"),
          Map.entry("RESTART", "Restart"),
          Map.entry("WIPE", "Wipe"),
          Map.entry("ASK_READ", "AskRead"),
          Map.entry("SERVE_READ", "ServeRead"));

  /// Steps inside an action, told for people: the line that completes the action has the state.
  private static final Set<String> PASSED_OVER =
      Set.of("TRUNCATE_CONFLICT", "APPLY", "RESTORE", "CONFIRM_READ", "TRANSFER");

  private static final Set<String> ROLES = Set.of("follower", "candidate", "leader");

  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, List<String>> incarnations = new LinkedHashMap<>();
  private final List<Integer> lineNumbers = new ArrayList<>();
  private final List<String> records = new ArrayList<>();
  private final Set<String> reads = new TreeSet<>();
  private String founders = "{}";
  private String observers = "{}";
  private long maxTerm = 1;
  private int lineNumber;

  /// @param lines of the file, the header first
  RaftTraceModule(List<String> lines) {
    for (String line : lines) {
      lineNumber++;
      if (line.isBlank()) {
        continue;
      }
      JsonNode object = parse(line);
      if (object.has("format")) {
        header(object);
      } else if (founders.equals("{}")) {
        throw malformed("the first line must be the header with format and founders");
      } else {
        event(object);
      }
    }
    if (records.isEmpty()) {
      throw malformed("the trace has no events");
    }
  }

  private JsonNode parse(String line) {
    try {
      return json.readTree(line);
    } catch (JsonProcessingException e) {
      throw malformed("not JSON: " + e.getOriginalMessage());
    }
  }

  private void header(JsonNode object) {
    if (!FORMAT.equals(object.get("format").asText())) {
      throw malformed("format " + object.get("format") + " is not " + FORMAT);
    }
    founders = nodesOf(object, "founders");
    observers = nodesOf(object, "observers");
    if (founders.equals("{}")) {
      throw malformed("founders: at least one");
    }
  }

  private String nodesOf(JsonNode object, String field) {
    StringJoiner nodes = new StringJoiner(", ", "{", "}");
    for (JsonNode member : object.path(field)) {
      nodes.add(quoted(nodeIn(member.asText())));
      server(member.asText());
    }
    return nodes.toString();
  }

  private void event(JsonNode object) {
    String given = text(object, "action");
    if (PASSED_OVER.contains(given)) {
      return;
    }
    String action = ACTIONS.getOrDefault(given, given);
    if (!ACTIONS.containsValue(action)) {
      throw malformed("unknown action " + given);
    }
    String role = text(object, "role").toLowerCase(Locale.ROOT);
    if (role.equals("pre_candidate")) {
      role = "follower"; // It asked what an election would bring, and changed nothing.
    }
    if (!ROLES.contains(role)) {
      throw malformed("unknown role " + role);
    }
    String member = text(object, "node");
    long term = number(object, "term");
    maxTerm = Math.max(maxTerm, term);
    JsonNode vote = object.path("vote");
    String read = object.path("read").asText("");
    reads.add(read);
    lineNumbers.add(lineNumber);
    records.add(
        "[action |-> "
            + quoted(action)
            + ", node |-> "
            + quoted(nodeIn(member))
            + ", inc |-> "
            + incarnationOf(member)
            + ", seq |-> "
            + object.path("seq").asLong(lineNumber)
            + ", upTo |-> "
            + (action.equals("Persisted") ? number(object, "upTo") : 0)
            + ", role |-> "
            + quoted(role)
            + ", term |-> "
            + term
            + ", vote |-> "
            + (vote.isTextual() ? server(vote.asText()) : "<< >>")
            + ", lastIndex |-> "
            + number(object, "lastIndex")
            + ", lastTerm |-> "
            + number(object, "lastTerm")
            + ", commit |-> "
            + number(object, "commit")
            + ", snapshot |-> "
            + number(object, "snapshot")
            + ", voters |-> "
            + servers(object, "voters")
            + ", observers |-> "
            + servers(object, "observers")
            + ", read |-> "
            + quoted(read)
            + ", index |-> "
            + (action.equals("ServeRead") ? number(object, "index") : 0)
            + "]");
  }

  private String servers(JsonNode object, String field) {
    StringJoiner servers = new StringJoiner(", ", "{", "}");
    for (JsonNode member : object.path(field)) {
      servers.add(server(member.asText()));
    }
    return servers.toString();
  }

  /// `node/incarnation` as the specification's pair.
  private String server(String member) {
    return "<<" + quoted(nodeIn(member)) + ", " + incarnationOf(member) + ">>";
  }

  private String nodeIn(String member) {
    int slash = member.indexOf('/');
    if (slash <= 0 || slash == member.length() - 1) {
      throw malformed("not node/incarnation: " + member);
    }
    return member.substring(0, slash);
  }

  private int incarnationOf(String member) {
    List<String> known = incarnations.computeIfAbsent(nodeIn(member), node -> new ArrayList<>());
    String incarnation = member.substring(member.indexOf('/') + 1);
    if (!known.contains(incarnation)) {
      known.add(incarnation);
    }
    return known.indexOf(incarnation) + 1;
  }

  private String text(JsonNode object, String field) {
    JsonNode value = object.get(field);
    if (value == null || !value.isTextual()) {
      throw malformed(field + ": a string is missing");
    }
    return value.asText();
  }

  private long number(JsonNode object, String field) {
    JsonNode value = object.get(field);
    if (value == null || !value.canConvertToInt() || value.asLong() < 0) {
      throw malformed(field + ": a number from 0 to 2147483647 is missing");
    }
    return value.asLong();
  }

  private String quoted(String text) {
    if (!text.matches("[\\w.:-]*")) {
      throw malformed("a name has other characters than letters, digits and _.:- in it: " + text);
    }
    return '"' + text + '"';
  }

  private MalformedTrace malformed(String detail) {
    return new MalformedTrace(lineNumber, detail);
  }

  /// Line number in the file of the n-th event, from 0.
  int lineNumberOf(int event) {
    return lineNumbers.get(event);
  }

  int size() {
    return records.size();
  }

  /// The module's text.
  String text() {
    StringJoiner nodes = new StringJoiner(", ", "{", "}");
    int wipes = 0;
    for (Map.Entry<String, List<String>> node : incarnations.entrySet()) {
      nodes.add(quoted(node.getKey()));
      wipes += node.getValue().size() - 1;
    }
    return """
        ---- MODULE TraceData ----
        TraceNodes == %s
        TraceFounders == %s
        TraceObservers == %s
        TraceMaxTerm == %d
        TraceWipes == %d
        Trace == <<
        %s
        >>
        ====
        """
        .formatted(nodes, founders, observers, maxTerm, wipes, String.join(",\n", records));
  }
}

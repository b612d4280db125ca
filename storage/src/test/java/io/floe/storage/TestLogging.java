package io.floe.storage;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/// Keeps what a fault test provokes out of the build's output, and at hand for a failure.
final class TestLogging {
  private static final ListAppender<ILoggingEvent> EVENTS = new ListAppender<>();

  private TestLogging() {}

  static void quiet() {
    Logger logger = (Logger) LoggerFactory.getLogger("io.floe.storage");
    logger.setAdditive(false);
    logger.detachAndStopAllAppenders();
    EVENTS.start();
    logger.addAppender(EVENTS);
  }

  static void forget() {
    EVENTS.list.clear();
  }

  /// What was logged since [#forget()].
  static String logged() {
    StringBuilder text = new StringBuilder();
    for (ILoggingEvent event : List.copyOf(EVENTS.list)) {
      text.append('\n').append(event.getThreadName()).append(": ");
      text.append(event.getFormattedMessage()).append(' ').append(event.getKeyValuePairs());
    }
    return text.toString();
  }
}

package io.floe.storage.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.floe.storage.StoreException;
import io.floe.storage.StoreSettings;
import io.floe.storage.io.channel.FileChannelIo;
import io.floe.storage.io.uring.MissingUring;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class StorageIosTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(StorageIos.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
  }

  @Test
  void fallsBackAndSaysWhyAndWhatHelpsInOneLine() throws StoreException {
    try (StorageIo io = StorageIos.open(StoreSettings.Io.AUTO, 4, MissingUring::open)) {
      assertThat(io.name()).isEqualTo("file_channel");
    }
    assertThat(log.list).hasSize(1);
    ILoggingEvent line = log.list.getFirst();
    assertThat(line.getLevel()).isEqualTo(Level.WARN);
    assertThat(line.getKeyValuePairs().toString())
        .contains("was not found")
        .contains("apt-get install -y liburing2");
  }

  @Test
  void refusesWhenIoUringWasDemandedAndIsMissing() {
    assertThatThrownBy(() -> StorageIos.open(StoreSettings.Io.IO_URING, 4, MissingUring::open))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("apt-get install -y liburing2");
    assertThat(log.list).isEmpty();
  }

  @Test
  void takesTheChannelWithoutAWordWhenAskedTo() throws StoreException {
    try (StorageIo io = StorageIos.open(StoreSettings.Io.FILE_CHANNEL, 4)) {
      assertThat(io).isInstanceOf(FileChannelIo.class);
    }
    assertThat(log.list).isEmpty();
  }
}

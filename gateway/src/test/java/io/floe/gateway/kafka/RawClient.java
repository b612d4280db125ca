package io.floe.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;

/// A client that sends any request at any version, several at a time, and bytes that are no
/// requests. Answers must come in the order of the requests.
public final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final ArrayDeque<RequestHeader> sent = new ArrayDeque<>();
  private int correlationId = 1;

  public RawClient(int port) throws IOException {
    this(port, 0);
  }

  /// Connects with a receive buffer of this size, 0 for the system's default.
  public RawClient(int port, int receiveBufferBytes) throws IOException {
    socket = new Socket();
    if (receiveBufferBytes > 0) {
      socket.setReceiveBufferSize(receiveBufferBytes);
    }
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
    socket.setSoTimeout(30_000);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  public RequestHeader send(ApiKeys api, int version, ApiMessage data) throws IOException {
    RequestHeader header = new RequestHeader(api, (short) version, "raw", correlationId++);
    sendFrame(bytes(header, data));
    sent.add(header);
    return header;
  }

  /// Sends a request for which no answer comes.
  public void sendSilent(ApiKeys api, int version, ApiMessage data) throws IOException {
    sendFrame(bytes(new RequestHeader(api, (short) version, "raw", correlationId++), data));
  }

  public static byte[] bytes(RequestHeader header, ApiMessage data) {
    ByteBuffer head =
        MessageUtil.toByteBufferAccessor(header.data(), header.headerVersion()).buffer();
    ByteBuffer body = serialize(data, header.apiVersion());
    return ByteBuffer.allocate(head.remaining() + body.remaining()).put(head).put(body).array();
  }

  private static ByteBuffer serialize(ApiMessage data, short version) {
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBufferAccessor writable =
        new ByteBufferAccessor(ByteBuffer.allocate(data.size(cache, version)));
    data.write(writable, cache, version);
    writable.flip();
    return writable.buffer();
  }

  public void sendFrame(byte[] frame) throws IOException {
    sendBytes(ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array());
  }

  public void sendBytes(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  public AbstractResponse receive() throws IOException {
    RequestHeader header = sent.remove();
    return AbstractResponse.parseResponse(ByteBuffer.wrap(receiveFrame()), header);
  }

  public byte[] receiveFrame() throws IOException {
    byte[] frame = new byte[in.readInt()];
    in.readFully(frame);
    return frame;
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <R extends ApiMessage> R call(ApiKeys api, int version, ApiMessage data)
      throws IOException {
    send(api, version, data);
    return (R) receive().data();
  }

  /// Reads until the other side closes; says whether it did without sending anything.
  public boolean isClosedByPeer() throws IOException {
    try {
      return in.read() == -1;
    } catch (EOFException | SocketException e) {
      return true;
    }
  }

  public boolean hasBytesWithin(int millis) throws IOException {
    socket.setSoTimeout(millis);
    try {
      return in.read() != -1;
    } catch (SocketTimeoutException e) {
      return false;
    } finally {
      socket.setSoTimeout(30_000);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  // Batches

  public static MemoryRecords batch(String... values) {
    return batch(RecordBatch.NO_PRODUCER_ID, -1, values);
  }

  public static MemoryRecords batch(long producerId, int baseSequence, String... values) {
    SimpleRecord[] records = new SimpleRecord[values.length];
    for (int i = 0; i < values.length; i++) {
      records[i] = new SimpleRecord(100 + i, "k".getBytes(UTF_8), values[i].getBytes(UTF_8));
    }
    return producerId == RecordBatch.NO_PRODUCER_ID
        ? MemoryRecords.withRecords(Compression.NONE, records)
        : MemoryRecords.withIdempotentRecords(
            Compression.NONE, producerId, (short) 0, baseSequence, records);
  }

  public static MemoryRecords batchAt(long baseTimestamp, int count) {
    SimpleRecord[] records = new SimpleRecord[count];
    for (int i = 0; i < count; i++) {
      records[i] = new SimpleRecord(baseTimestamp + i, null, new byte[10]);
    }
    return MemoryRecords.withRecords(
        RecordBatch.MAGIC_VALUE_V2, 0, Compression.NONE, TimestampType.CREATE_TIME, records);
  }
}

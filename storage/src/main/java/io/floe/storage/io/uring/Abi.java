package io.floe.storage.io.uring;

/// Numbers that the kernel, the C library and liburing have fixed for ever, because compiled
/// programs contain them.
///
/// A test compares each with what a C program prints, so each field needs a line there. Offsets and
/// sizes are bytes.
final class Abi {
  // liburing.h: struct io_uring, the same in every liburing.so.2.
  static final long IO_URING_BYTES = 216;
  static final long SQ_KHEAD = 0;
  static final long SQ_KTAIL = 8;
  static final long SQ_KRING_MASK = 16;
  static final long SQ_KRING_ENTRIES = 24;
  static final long SQ_KFLAGS = 32;
  static final long SQ_ARRAY = 48;
  static final long SQ_SQES = 56;
  static final long SQ_RING_SZ = 72;
  static final long SQ_RING_PTR = 80;
  static final long CQ_KHEAD = 104;
  static final long CQ_KTAIL = 112;
  static final long CQ_KRING_MASK = 120;
  static final long CQ_KOVERFLOW = 144;
  static final long CQ_CQES = 152;
  static final long CQ_RING_SZ = 160;
  static final long CQ_RING_PTR = 168;
  static final long RING_FD = 196;

  // linux/io_uring.h: struct io_uring_params
  static final long PARAMS_BYTES = 120;
  static final long PARAMS_CQ_ENTRIES = 4;
  static final long PARAMS_FLAGS = 8;
  static final long PARAMS_FEATURES = 20;

  // linux/io_uring.h: struct io_uring_sqe, struct io_uring_cqe
  static final long SQE_BYTES = 64;
  static final long CQE_BYTES = 16;
  static final long CQE_USER_DATA = 0;
  static final long CQE_RES = 8;

  // linux/io_uring.h: struct io_uring_getevents_arg, linux/time_types.h: struct __kernel_timespec
  static final long GETEVENTS_ARG_BYTES = 24;
  static final long GETEVENTS_ARG_TS = 16;
  static final long TIMESPEC_BYTES = 16;
  static final long TIMESPEC_SEC = 0;
  static final long TIMESPEC_NSEC = 8;

  // linux/io_uring.h: enum io_uring_op
  static final int IORING_OP_NOP = 0;
  static final int IORING_OP_FSYNC = 3;
  static final int IORING_OP_POLL_ADD = 6;
  static final int IORING_OP_READ = 22;
  static final int IORING_OP_WRITE = 23;

  // linux/io_uring.h: flags of io_uring_setup
  static final int IORING_SETUP_CQSIZE = 1 << 3;
  static final int IORING_SETUP_R_DISABLED = 1 << 6;
  static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
  static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
  static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
  static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;

  // linux/io_uring.h: features, flags of io_uring_enter, of the ring, of an fsync, registration
  static final int IORING_FEAT_SINGLE_MMAP = 1;
  static final int IORING_FEAT_NODROP = 1 << 1;
  static final int IORING_FEAT_EXT_ARG = 1 << 8;
  static final int IORING_ENTER_GETEVENTS = 1;
  static final int IORING_ENTER_EXT_ARG = 1 << 3;
  static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;
  static final int IORING_SQ_TASKRUN = 1 << 2;
  static final int IORING_FSYNC_DATASYNC = 1;
  static final int IORING_REGISTER_ENABLE_RINGS = 12;

  // fcntl.h, sys/eventfd.h, poll.h; O_DIRECT is one of the few that differ between processors.
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_CLOEXEC = 0x80000;
  static final int O_DIRECT = isAarch64() ? 0x10000 : 0x4000;
  static final int EFD_CLOEXEC = 0x80000;
  static final int POLLIN = 1;

  private Abi() {}

  /// Whether the numbers above hold here: 64-bit Linux on a little-endian processor that we know.
  static boolean isKnownPlatform() {
    String arch = System.getProperty("os.arch", "");
    return System.getProperty("os.name", "").equals("Linux")
        && (arch.equals("amd64") || isAarch64());
  }

  private static boolean isAarch64() {
    return System.getProperty("os.arch", "").equals("aarch64");
  }
}

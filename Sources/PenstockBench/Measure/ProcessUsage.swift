//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What this process has used.
enum ProcessUsage {
    /// Processor time in nanoseconds, of all threads, in the program and in the kernel.
    static func processorTime() -> UInt64 {
        var usage = rusage()
        guard getrusage(Self.own, &usage) == 0 else { return 0 }
        return Self.nanoseconds(usage.ru_utime) + Self.nanoseconds(usage.ru_stime)
    }

    /// Processor time of the calling thread, in nanoseconds.
    static func threadTime() -> UInt64 {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// `RUSAGE_SELF`, which each platform gives another type.
    private static let own: Int32 = 0

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
    }
}

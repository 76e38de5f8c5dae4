//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Blocks a thread; never one of Swift's own.
enum ThreadSleep {
    /// Blocks it until a time of the system's clock; returns at once when it has passed.
    static func until(_ due: UInt64) {
        #if canImport(Darwin)
        let now = TimeSource.system.now()
        guard due > now else { return }
        var left = timespec(tv_sec: Int((due - now) / 1_000_000_000), tv_nsec: Int((due - now) % 1_000_000_000))
        while nanosleep(&left, &left) != 0 {}
        #else
        guard due > TimeSource.system.now() else { return }
        var instant = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &instant, nil) == EINTR {}
        #endif
    }
}

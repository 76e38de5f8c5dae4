//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many processors this process may use: those of its affinity mask, and no more than its cgroup's share.
package enum ProcessorCount {
    /// The count, at least 1, read anew at each call.
    package static func available() -> Int {
        let allowed = Int(cpenstock_affinity_count())
        guard let share = self.cgroupShare() else { return allowed }
        return max(1, min(allowed, share))
    }

    /// The share from the text of a cgroup v2 `cpu.max`, as "50000 100000", rounded up; nil for "max".
    package static func share(cpuMax text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), period > 0 else { return nil }
        return max(1, quota / period + (quota % period > 0 ? 1 : 0))
    }

    private static func cgroupShare() -> Int? {
        #if os(Linux)
        if let text = self.contents("/sys/fs/cgroup/cpu.max") { return self.share(cpuMax: text) }
        // cgroup v1: a quota of -1 is no limit.
        if let quota = self.contents("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), !quota.hasPrefix("-"),
            let period = self.contents("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
        {
            return self.share(cpuMax: quota + " " + period)
        }
        #endif
        return nil
    }

    private static func contents(_ path: String) -> String? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}

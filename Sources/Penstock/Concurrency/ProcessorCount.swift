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

/// How many processors this process may use: those of its affinity mask, and no more than its cgroups' share.
package enum ProcessorCount {
    /// More of a file is not read. A mount takes some hundred bytes of `mountinfo`.
    private static let bytesMax = 1 << 20

    /// The count, at least 1, read anew at each call.
    package static func available() -> Int {
        let allowed = Int(cpenstock_affinity_count())
        guard let share = self.cgroupShare() else { return allowed }
        return max(1, min(allowed, share))
    }

    // MARK: - Private

    private static func cgroupShare() -> Int? {
        #if os(Linux)
        guard let groups = self.contents("/proc/self/cgroup"), let mounts = self.contents("/proc/self/mountinfo")
        else { return nil }
        return CgroupFolders(groups: groups, mounts: mounts)?.share(reading: self.contents)
        #else
        return nil
        #endif
    }

    private static func contents(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text: [UInt8] = []
        return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            while text.count < self.bytesMax {
                let count = read(file, buffer.baseAddress, buffer.count)
                guard count >= 0 else { return nil }
                if count == 0 { break }
                text.append(contentsOf: buffer[..<count])
            }
            return String(decoding: text, as: UTF8.self)
        }
    }
}

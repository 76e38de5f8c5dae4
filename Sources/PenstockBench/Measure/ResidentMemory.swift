//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How much memory the process holds.
enum ResidentMemory {
    /// The resident set now, in bytes; on platforms that do not tell it in a file, the most so far.
    static func bytes() -> Int {
        #if os(Linux)
        let file = open("/proc/self/statm", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            guard count > 0 else { return 0 }
            return Self.resident(inStatus: String(decoding: buffer[..<count], as: UTF8.self))
        }
        #else
        return PeakMemory.bytes()
        #endif
    }

    /// The second number of the line, which counts pages, in bytes; 0 where there is none.
    static func resident(inStatus status: String) -> Int {
        let words = status.split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}

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

/// What Linux says of each of the process's threads that has a name: the fields of `/proc/self/task/*/stat`. Nil where
/// there is no such folder.
///
/// Other tests may run at the same time: give the threads that you look for a name of their own, of 15 bytes at most.
func statistics(ofThreadsNamed name: String) -> [[Substring]]? {
    guard let folder = opendir("/proc/self/task") else { return nil }
    defer { closedir(folder) }
    var threads: [[Substring]] = []
    while let entry = readdir(folder) {
        let number = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let text = contents("/proc/self/task/\(number)/stat"), text.contains("(\(name))") else { continue }
        threads.append(text.split(separator: " "))
    }
    return threads
}

private func contents(_ path: String) -> String? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) { buffer in
        let count = read(file, buffer.baseAddress, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}

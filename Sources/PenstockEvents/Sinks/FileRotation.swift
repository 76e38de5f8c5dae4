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

/// Puts a full file aside for a new one.
enum FileRotation {
    /// Moves `path` to `path.1`, what was there to `path.2` and so on, and opens a new file.
    ///
    /// The oldest of those that are kept is replaced. When a step fails the ones before stay done, and doing it again
    /// goes on: nothing is overwritten but the oldest.
    ///
    /// - Returns: The new file, empty.
    static func rotate(
        _ path: String,
        keep: Int,
        closing file: FileDescriptor,
        _ options: FileOptions
    ) throws(SystemError) -> FileDescriptor {
        if options.sync != .never, fsync(file.number) != 0 { throw SystemError(errno) }
        // Whoever opens the path after a failed attempt finds no file, or one that was made by it and is empty.
        if let facts = FileDescriptor.facts(ofPath: path), facts.identity == file.facts()?.identity {
            for number in stride(from: keep - 1, through: 1, by: -1) {
                if rename("\(path).\(number)", "\(path).\(number + 1)") != 0, errno != ENOENT {
                    throw SystemError(errno)
                }
            }
            if rename(path, "\(path).1") != 0 { throw SystemError(errno) }
        }
        switch FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND) {
        case .success(let next):
            // As at the start of the run: another one must not write over it.
            let claim = file.claimed ?? .shared
            guard next.claim(claim) || claim == .shared else { throw SystemError(EWOULDBLOCK) }
            return next
        case .failure(let error): throw error
        }
    }
}

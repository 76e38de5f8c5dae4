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

extension EventLines {
    private static let bytesMax = 1 << 30

    /// The lines of a file.
    ///
    /// - Throws: ``Problem`` as ``init(text:)``, and when the file cannot be read or is larger than 1 GiB.
    package init(path: String) throws(Problem) {
        guard let file = fopen(path, "re") else { throw Self.failure() }
        defer { fclose(file) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { break }
            text += part[..<count]
            guard text.count <= Self.bytesMax else { throw Problem("it is larger than 1 GiB") }
        }
        guard ferror(file) == 0 else { throw Self.failure() }
        try self.init(text: text)
    }

    /// Why the last call of the system has failed.
    private static func failure() -> Problem { Problem(String(cString: strerror(errno))) }
}

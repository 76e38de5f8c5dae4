//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
package import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension SecretToken {
    /// Reads a token from a file.
    ///
    /// - Throws: `invalidConfiguration`, with why the file holds none.
    package static func load(_ path: String) throws(PenstockError) -> SecretToken {
        func problem(_ reason: String) -> PenstockError {
            PenstockError(.invalidConfiguration, "The token file \"\(path)\" cannot be used: \(reason).")
        }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw problem(String(cString: strerror(errno))) }
        defer { _ = Self.close(file) }
        // One byte more than a token may have with some white space around it.
        var contents = [UInt8](repeating: 0, count: 2 * Self.bytesMax)
        let count = contents.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw problem(String(cString: strerror(errno))) }
        do throws(SecretTokenProblem) {
            return try SecretToken(contents: Array(contents.prefix(count)))
        } catch {
            throw problem(error.description)
        }
    }

    private static func close(_ file: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.close(file)
        #elseif canImport(Musl)
        Musl.close(file)
        #else
        Darwin.close(file)
        #endif
    }
}
#endif

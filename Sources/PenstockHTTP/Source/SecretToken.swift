//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock

/// A token that requests bring or carry, from a file.
package struct SecretToken: Sendable, CustomStringConvertible {
    /// The longest token.
    static let bytesMax = 4096

    private let bytes: [UInt8]

    /// Creates a token from the contents of a file, without the white space around it; throws why it is none.
    package init(contents: [UInt8]) throws(SecretTokenProblem) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let trimmed = contents.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !trimmed.isEmpty else { throw SecretTokenProblem(description: "it is empty") }
        guard trimmed.count <= Self.bytesMax else {
            throw SecretTokenProblem(description: "it holds more than \(Self.bytesMax) bytes")
        }
        guard trimmed.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SecretTokenProblem(description: "a token has visible ASCII characters and no spaces")
        }
        self.bytes = Array(trimmed)
    }

    /// The value of the header that carries it.
    package var authorization: String { "Bearer " + String(decoding: self.bytes, as: UTF8.self) }

    /// Never the token.
    package var description: String { "a token" }

    /// Whether the value of an `Authorization` header brings the token.
    ///
    /// It takes the same time wherever the first difference is, so that a token cannot be guessed byte by byte.
    package func isBrought(by header: some StringProtocol) -> Bool {
        let given = Array(header.utf8)
        let scheme = Array("bearer ".utf8)
        guard given.count > scheme.count,
            zip(given, scheme).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
        else { return false }
        return Self.areEqual(Array(given[scheme.count...]), self.bytes)
    }

    /// Whether two pieces of bytes are equal; how long it takes tells only the length of the first.
    static func areEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
        var difference = UInt(truncatingIfNeeded: given.count ^ secret.count)
        for (place, byte) in given.enumerated() {
            difference |= UInt(byte ^ secret[place % secret.count])
        }
        return difference == 0
    }
}

/// Why a file holds no token, as the end of a sentence.
package struct SecretTokenProblem: Error, CustomStringConvertible {
    package let description: String
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Testing

@testable import PenstockHTTP

struct SecretTokenTests {
    @Test func tokenIsBroughtInWhateverCaseItsSchemeIs() throws {
        let token = try SecretToken(contents: Array("  s3cret-Token\n".utf8))
        #expect(token.isBrought(by: "Bearer s3cret-Token"))
        #expect(token.isBrought(by: "bearer s3cret-Token"))
        for wrong in [
            "", "Bearer", "Bearer ", "Bearer s3cret-Toke", "Bearer s3cret-Tokenn", "Bearer s3cret-token",
            "Basic s3cret-Token",
            "s3cret-Token", "Bearer  s3cret-Token", "Bearer s3cret-Tokens3cret-Token",
        ] {
            #expect(!token.isBrought(by: wrong), "\(wrong)")
        }
        #expect(token.authorization == "Bearer s3cret-Token")
        #expect("\(token)" == "a token")
    }

    @Test func otherFilesHoldNoToken() {
        #expect(throws: SecretTokenProblem.self) { try SecretToken(contents: []) }
        #expect(throws: SecretTokenProblem.self) { try SecretToken(contents: Array(" \n".utf8)) }
        #expect(throws: SecretTokenProblem.self) { try SecretToken(contents: Array("two words".utf8)) }
        #expect(throws: SecretTokenProblem.self) { try SecretToken(contents: Array("é".utf8)) }
        #expect(throws: SecretTokenProblem.self) { try SecretToken(contents: [UInt8](repeating: 0x61, count: 5000)) }
    }

    @Test func everyByteIsCompared() {
        let secret = Array("0123456789".utf8)
        #expect(SecretToken.areEqual(secret, secret))
        for place in secret.indices {
            var other = secret
            other[place] ^= 1
            #expect(!SecretToken.areEqual(other, secret))
        }
        #expect(!SecretToken.areEqual([], secret))
        #expect(!SecretToken.areEqual(secret + secret, secret))
    }
}
#endif

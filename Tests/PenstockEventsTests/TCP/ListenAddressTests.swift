//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents
import Testing

/// Where a server listens, as text.
struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080, true),
        ("127.8.9.10:1", "127.8.9.10", 1, true),
        ("localhost:65535", "localhost", 65_535, true),
        ("[::1]:0", "::1", 0, true),
        ("0.0.0.0:80", "0.0.0.0", 80, false),
        ("[::]:80", "::", 80, false),
        ("[fe80::1:2]:80", "fe80::1:2", 80, false),
        ("[1:2:3:4:5:6:7:8]:80", "1:2:3:4:5:6:7:8", 80, false),
        ("128.0.0.1:80", "128.0.0.1", 80, false),
    ])
    func addressesAreRead(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1:80a", "127.0.0.1:000080", "127.0.0:80", "127.0.0.256:80", "127.0.0.01:80", "127.0.0.1.1:80",
        "a.b:80",
        "::1:80", "[::1:80", "[]:80", "[127.0.0.1]:80", "[:::]:80", "[1::2::3]:80", "[12345::]:80", "[g::]:80",
        "[1:2:3:4:5:6:7]:80", " 127.0.0.1:80", "127.0.0.1 :80", "127.0.0.1:８０",
    ])
    func otherTextsAreNone(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}

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
import PenstockEvents
import Testing

@testable import PenstockHTTP

struct ListenAddressProbeTests {
    @Test func takenAddressIsFound() async throws {
        let server = try SilentServer()
        let problem = try #require(ListenAddress.loopback(port: server.port).problem)
        #expect(
            problem.message == "Nobody can listen on 127.0.0.1:\(server.port): Address already in use."
        )
        server.stop()
        #expect(ListenAddress.loopback(port: 0).problem == nil)
    }
}
#endif

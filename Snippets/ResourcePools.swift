//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A pool of connections: at most four, made when they are wanted, checked after a pause, closed by the drain.
// snippet.hide
import Penstock

struct Broken: Error {}

final class Connection: Sendable {
    init(to host: String) async throws {}
    func ping() async -> Bool { true }
    func query(_ text: String) async throws -> Int { text.utf8.count }
    func close() async {}
}

// snippet.show
var configuration = ResourcePoolConfiguration(name: "database", minimum: 1, maximum: 4)
configuration.ageMax = .seconds(3_600)
configuration.isBroken = { $0 is Broken }

let sum = try await withResourcePool(configuration) {
    try await Connection(to: "localhost")
} check: { connection in
    await connection.ping()
} destroy: { connection in
    await connection.close()
} body: { connections in
    let first = try await connections.with { try await $0.query("select 1") }

    let lease = try await connections.lease(timeout: .seconds(2))
    let second = try await lease.resource.query("select 22")
    lease.release()  // or `discard()`; a lease that is forgotten is released, too

    print(connections.snapshot())
    return first + second
}
print(sum)

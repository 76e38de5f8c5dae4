//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Penstock
import PenstockEvents
import PenstockHTTP
import Testing

@testable import PenstockAdmin

/// A subject that a test makes up, and the orders that it was given.
final class Watched: Sendable {
    struct State {
        var snapshot = PipelineSnapshot(pipeline: "made-up")
        var orders: [String] = []
        var obeys = true
    }

    let state = Locked(State())
    /// What it answers to `/metrics`.
    let metrics: AdminServer.Metrics?

    init(metrics: AdminServer.Metrics? = nil) { self.metrics = metrics }

    var orders: [String] { self.state.withLock { $0.orders } }

    func set(_ change: (inout PipelineSnapshot) -> Void) { self.state.withLock { change(&$0.snapshot) } }

    var subject: AdminSubject {
        AdminSubject(
            snapshot: { self.state.withLock { $0.snapshot } },
            drain: { deadline in self.state.withLock { $0.orders.append("drain \(deadline)") } },
            pause: { self.take("pause") },
            resume: { self.take("resume") },
            resize: { self.take("resize \($0)") }
        )
    }

    private func take(_ order: String) -> Bool {
        self.state.withLock { state in
            state.orders.append(order)
            return state.obeys
        }
    }
}

/// What a server has answered.
struct Answer {
    var status: Int
    var headers: [String: String]
    var body: String
}

/// A server that serves a subject, until the body has returned.
struct Served {
    let base: String
    let port: Int?
    let server: AdminServer

    /// Asks, and reads the whole answer.
    func ask(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: self.base + path)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let buffer = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
            body: String(buffer: buffer)
        )
    }

    /// Gives an order.
    func order(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await self.ask("POST", path, headers: headers.merging(["X-Penstock": "1"]) { $0 + $1 })
    }
}

/// Serves a subject while the body runs, on a socket or on a free port.
func withServer<Result>(
    _ watched: Watched = Watched(),
    socket: String? = nil,
    viewersMax: Int = 16,
    change: (inout AdminConfiguration) -> Void = { _ in },
    _ body: (Served) async throws -> Result
) async throws -> Result {
    var configuration = AdminConfiguration()
    configuration.listen = socket == nil ? .loopback(port: 0) : nil
    configuration.socket = socket
    configuration.viewersMax = viewersMax
    change(&configuration)
    let server = AdminServer(configuration, subject: watched.subject, metrics: watched.metrics)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let port = try await server.started()
        let socket = configuration.socket.map { "http+unix://\($0.replacing("/", with: "%2F"))" }
        let base = port.map { "http://127.0.0.1:\($0)" } ?? socket ?? ""
        let result = try await body(Served(base: base, port: port, server: server))
        server.finish(nil)
        try await group.waitForAll()
        return result
    }
}
#endif

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
import NIOPosix
import NIOSSL
public import Penstock
public import PenstockEvents

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Posts events to a server, a batch a request.
///
/// ```swift
/// Sink("out", HTTPSink(HTTPSinkConfiguration(url: "https://example.com/events")))
/// ```
///
/// What the server answers decides: 2xx is delivered; 408, 425, 429 and 5xx, and no answer at all, are tried again, not before
/// the server's `Retry-After`; everything else makes dead letters. The header `Penstock-Batch-Id` is the same each time a batch
/// is tried, so that the server can leave out what it has already.
public final class HTTPSink: EventSink {
    /// `http`.
    public let typeName = "http"

    private enum State {
        /// It has no client. Can transition to: `open`.
        case closed
        /// It can post. Can transition to: `closed`.
        case open(HTTPClient, token: SecretToken?)
    }

    /// How much of an answer is read; a connection whose answer is longer is not used again.
    private static let answerBytesMax = 64 << 10

    /// Where it posts to, and how.
    public let configuration: HTTPSinkConfiguration
    private let state = Locked(State.closed)

    /// Creates a sink that has no connection yet.
    ///
    /// - Parameter configuration: Where it posts to, and how.
    public init(_ configuration: HTTPSinkConfiguration) {
        self.configuration = configuration
    }

    /// What ``open()`` would refuse: an address that is none, files that cannot be used. Connects to nobody.
    public func check() -> [PenstockError] {
        var problems: [PenstockError] = []
        do throws(PenstockError) {
            try self.validate()
        } catch {
            problems.append(error)
        }
        do throws(PenstockError) {
            _ = try self.configuration.tokenFile.map(SecretToken.load)
        } catch {
            problems.append(error)
        }
        do throws(PenstockError) {
            _ = try ClientTLS.configuration(authorities: self.configuration.authorities)
        } catch {
            problems.append(error)
        }
        return problems
    }

    /// Reads the token and the certificates. Connections are made by the first batches.
    ///
    /// - Throws: `invalidConfiguration`.
    public func open() async throws {
        try self.validate()
        let token = try self.configuration.tokenFile.map(SecretToken.load)
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try ClientTLS.configuration(authorities: self.configuration.authorities)
        )
        let time = TimeAmount(self.configuration.timeout)
        configuration.redirectConfiguration = .disallow
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: time, read: time, write: time)
        configuration.httpVersion = .http1Only
        configuration.networkFrameworkWaitForConnectivity = false
        // Whether and when to try again decides the lane, which counts the attempts.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.state.withLock { $0 = .open(client, token: token) }
    }

    /// Posts a batch.
    ///
    /// - Parameter batch: The events.
    /// - Returns: What the server's answer means for them.
    /// - Throws: `CancellationError` when the task was cancelled.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let state = self.state.withLock { $0 }
        guard case .open(let client, let token) = state else { return .retry("the sink is not open") }
        do {
            let response = try await self.post(batch, client, token)
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return response.answer(now: Int64(now.tv_sec))
        } catch {
            try Task.checkCancellation()
            return .retry("the server gave no answer: \(ConnectionProblem.reason(error)) (\(self.address))")
        }
    }

    /// Closes the connections.
    public func close() async throws {
        let state = self.state.withLock { state in
            defer { state = .closed }
            return state
        }
        if case .open(let client, _) = state { try await client.shutdown() }
    }

    // MARK: - Private

    private func post(_ batch: SinkBatch, _ client: HTTPClient, _ token: SecretToken?) async throws -> SinkResponse {
        var request = HTTPClientRequest(url: self.configuration.url)
        request.method = .POST
        for header in self.configuration.headers { request.headers.add(name: header.name, value: header.value) }
        if let token { request.headers.add(name: "Authorization", value: token.authorization) }
        request.headers.add(name: "Penstock-Batch-Id", value: batch.id.description)
        TraceHeaders.add(to: &request.headers)
        switch self.configuration.format {
        case .ndjson:
            request.headers.add(name: "Content-Type", value: "application/x-ndjson")
            request.body = .bytes(ByteBuffer(bytes: batch.events.lines))
        case .jsonArray:
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(Self.array(of: batch.events))
        }
        let deadline = NIODeadline.now() + TimeAmount(self.configuration.timeout)
        let answer = try await client.execute(request, deadline: deadline)
        var body: [UInt8] = []
        var count = 0
        for try await piece in answer.body {
            body += piece.readableBytesView.prefix(SinkResponse.bodyBytesMax - body.count)
            count += piece.readableBytes
            if count > Self.answerBytesMax { break }
        }
        return SinkResponse(
            status: Int(answer.status.code),
            retryAfter: answer.headers.first(name: "Retry-After"),
            body: body
        )
    }

    /// The events as one JSON array.
    static func array(of events: Events) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(events.lines.count + 2)
        buffer.writeInteger(UInt8(ascii: "["))
        for (place, event) in events.enumerated() {
            if place > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            buffer.writeBytes(event.bytes)
        }
        buffer.writeInteger(UInt8(ascii: "]"))
        return buffer
    }

    /// The address without its path.
    private var address: Substring {
        let url = self.configuration.url
        guard let scheme = url.firstRange(of: "://") else { return url[...] }
        return url[..<(url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex)]
    }

    private func validate() throws(PenstockError) {
        func refuse(_ message: String) -> PenstockError { PenstockError(.invalidConfiguration, message) }
        if let (reason, _) = HTTPSinkConfiguration.problem(ofURL: self.configuration.url) {
            throw refuse("The URL of a sink cannot be used: \(reason).")
        }
        for (name, value) in self.configuration.headers {
            guard let problem = HTTPSinkConfiguration.problem(ofHeader: name, value: value) else { continue }
            throw refuse("The header \"\(name)\" of a sink cannot be used: \(problem).")
        }
        if self.configuration.timeout <= .zero { throw refuse("A sink needs a timeout above 0.") }
    }
}
#endif

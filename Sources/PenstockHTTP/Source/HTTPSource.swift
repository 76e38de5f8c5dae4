//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
public import Penstock
public import PenstockEvents
import Tracing

/// Takes events from HTTP requests, one batch of them a request, and answers when they are where they are to be.
///
/// ```swift
/// let pipeline = Pipeline("ingest") {
///     Source("in", HTTPSource(HTTPSourceConfiguration(listen: .loopback(port: 8080))))
///     FileSink("events.ndjson")
/// }
/// ```
///
/// A body holds lines (`application/x-ndjson`, `text/plain`, `application/octet-stream`) or one JSON array
/// (`application/json`), compressed with gzip or deflate or not. What other machines reach needs a token and TLS.
public final class HTTPSource: AcknowledgedSource {
    /// `http`.
    public let typeName = "http"

    private enum State {
        /// It does not listen. Can transition to: `listening`.
        case closed
        /// It listens. Can transition to: `closed`.
        case listening(HTTPServer)
    }

    /// What it does, and what it holds clients to.
    public let configuration: HTTPSourceConfiguration
    private let time: TimeSource
    private let line = HandOverLine()
    private let state = Locked(State.closed)

    /// How long connections may take to end when it is time to stop.
    private static let endingTime = Duration.seconds(2)

    /// Creates a source that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: What it does.
    ///   - time: The clock of waits for the queue.
    public init(_ configuration: HTTPSourceConfiguration, time: TimeSource = .system) {
        self.configuration = configuration
        self.time = time
    }

    /// The port it listens on; nil while it does not.
    public var port: Int? { self.server?.port }

    /// What ``open()`` would refuse: numbers that make no sense, files that cannot be used, an address that is taken.
    ///
    /// Changes nothing; listens on the address for a moment.
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
            _ = try self.configuration.tls.map(ServerTLS.context)
        } catch {
            problems.append(error)
        }
        if let problem = self.configuration.listen.problem { problems.append(problem) }
        return problems
    }

    /// Reads the token and the certificate, and begins to listen. What comes before ``run(_:)`` waits.
    ///
    /// - Throws: `invalidConfiguration`, or `inputOutput` when the address cannot be had.
    public func open() async throws {
        guard self.server == nil else { return }
        try self.validate()
        let server = try await HTTPServer.listen(
            self.configuration,
            token: try self.configuration.tokenFile.map(SecretToken.load),
            tls: try self.configuration.tls.map(ServerTLS.context),
            line: self.line,
            time: self.time
        )
        self.state.withLock { $0 = .listening(server) }
    }

    /// Stops listening, when the run could not start.
    public func close() async {
        guard let server = self.server else { return }
        self.state.withLock { $0 = .closed }
        await server.stop(within: Self.endingTime)
    }

    /// Takes requests until it is time to stop.
    ///
    /// Requests whose events were taken are answered then; all others get 503.
    ///
    /// - Parameter feed: What takes the events.
    /// - Throws: Why it cannot listen, if it was not open.
    public func run(_ feed: SourceFeed) async throws {
        if self.server == nil { try await self.open() }
        guard let server = self.server else { return }
        while !feed.isStopping, var request = await self.line.next() {
            server.handedOver(request.number, await self.handOver(&request, to: feed))
        }
        await server.stop(within: Self.endingTime)
    }

    /// Answers requests whose events have their fates.
    public func settle(_ settlements: [Settlement]) async {
        await self.server?.settle(settlements)
    }

    // MARK: - Private

    private var server: HTTPServer? {
        self.state.withLock { if case .listening(let server) = $0 { server } else { nil } }
    }

    private func handOver(_ request: inout HandedRequest, to feed: SourceFeed) async -> PendingAnswer.HandOver {
        let now = self.time.now()
        let left = request.deadline > now ? request.deadline - now : 0
        let batch = SourceBatch(id: request.number, lines: request.lines.take())
        return await ServiceContext.withValue(request.trace) {
            do throws(PenstockError) {
                return .taken(try await feed.send(batch, startingWithin: .nanoseconds(Int64(clamping: left))))
            } catch {
                switch error.code {
                case .timedOut: return .full(0)
                case .full: return .full(error.acceptedCount)
                default: return .stopped(error.acceptedCount)
                }
            }
        }
    }

    private func validate() throws(PenstockError) {
        if let problem = self.configuration.problem {
            throw PenstockError(.invalidConfiguration, "A source that listens for HTTP needs \(problem).")
        }
        let isGuarded = self.configuration.tokenFile != nil && self.configuration.tls != nil
        guard self.configuration.listen.isLoopback || isGuarded else {
            throw PenstockError(
                .invalidConfiguration,
                "Other machines reach \(self.configuration.listen): that needs a token and TLS."
            )
        }
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
package import Penstock
public import PenstockEvents
import PenstockHTTP
public import PenstockMetrics

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Serves what a pipeline does, over HTTP: metrics, health, status, a live page, and orders.
///
/// ```swift
/// var configuration = AdminConfiguration()
/// configuration.listen = .loopback(port: 9464)
/// let server = AdminServer(configuration, pipeline: pipeline)
/// try await withThrowingTaskGroup { group in
///     group.addTask { try await server.run() }
///     try await server.started()
///     let report = try await pipeline.run()
///     server.finish(report)
/// }
/// ```
///
/// It runs once. It answers while a pipeline drains, and until it is told that the report is made.
public final class AdminServer: Sendable {
    /// What `/metrics` answers with.
    package typealias Metrics = @Sendable (_ accept: String?) -> (contentType: String, body: String)

    /// The most bytes of a request's head.
    private static let headBytesMax = 16 << 10
    /// How long those who watch may take to read the report.
    private static let viewersGrace = Duration.seconds(2)
    /// How long answers that are under way in the end may take.
    private static let answersGrace = Duration.seconds(1)

    /// A child of ``run()`` that has ended.
    private enum Ended {
        /// Nobody comes in there any more.
        case door
        /// The server is to end.
        case order
        /// It is time to cut off what is left.
        case grace
    }

    private let configuration: AdminConfiguration
    private let desk: AdminDesk
    private let subject: AdminSubject
    private let metrics: Metrics?
    /// What `/objects` answers with.
    private let objects: (@Sendable () -> String)?
    private let time: TimeSource
    /// The port of each door that is open.
    private let starts = Channel<Int>(capacity: 2)
    private let endings = Channel<Bool>(capacity: 1)
    private let failure = Locked<PenstockError?>(nil)
    private let doors = AdminDoors()
    private let tasks: LiveTasks

    /// Creates a server; opens nothing.
    ///
    /// - Parameters:
    ///   - configuration: Where and how it serves.
    ///   - pipeline: What it shows.
    ///   - metrics: What `GET /metrics` and `GET /objects` show; nil for a registry of its own, which watches the pipeline and the process.
    public convenience init(
        _ configuration: AdminConfiguration,
        pipeline: Pipeline,
        metrics: MetricsRegistry? = nil
    ) {
        let registry = metrics ?? Self.registry(of: pipeline)
        let scrape: Metrics = { accept in
            let format = MetricsFormat.preferred(accept: accept)
            return (format.contentType, format.text(registry.snapshot()))
        }
        self.init(configuration, subject: AdminSubject(pipeline), metrics: scrape) { registry.liveObjects().json() }
        registry.watchTasks(named: "admin") { [tasks = self.tasks] in tasks.current }
    }

    /// Creates a server for something that a test makes up.
    package init(
        _ configuration: AdminConfiguration,
        subject: AdminSubject,
        metrics: Metrics? = nil,
        time: TimeSource = .system,
        objects: (@Sendable () -> String)? = nil
    ) {
        self.configuration = configuration
        self.subject = subject
        self.metrics = metrics
        self.objects = objects
        self.time = time
        self.tasks = LiveTasks(time: time)
        self.desk = AdminDesk(subject, viewersMax: configuration.viewersMax, time: time)
    }

    /// Serves until ``finish(_:)``.
    ///
    /// Cancelling it ends it at once.
    ///
    /// - Throws: What is wrong with the configuration, or why it cannot serve where it was to.
    public func run() async throws {
        defer { self.starts.finish() }
        do {
            try await self.serve()
        } catch {
            let known = error as? PenstockError
            self.failure.withLock { $0 = known ?? PenstockError(.inputOutput, "The admin server has ended: \(error).") }
            throw error
        }
    }

    /// Waits until it serves.
    ///
    /// - Returns: The port it listens on, which the system has picked if it was to; nil without an address.
    /// - Throws: Why it does not.
    @discardableResult
    public func started() async throws -> Int? {
        let doors = (self.configuration.listen == nil ? 0 : 1) + (self.configuration.socket == nil ? 0 : 1)
        var port: Int?
        for _ in 0..<max(1, doors) {
            guard let opened = try await self.starts.receive() else {
                throw self.failure.withLock { $0 } ?? PenstockError(.closed, "The admin server has ended.")
            }
            if opened > 0 { port = opened }
        }
        return port
    }

    /// Tells those who watch how the run has ended, and ends ``run()``.
    ///
    /// - Parameter report: What they are told; nil when there was no run.
    public func finish(_ report: PipelineReport?) {
        self.desk.close(report: report?.json())
        _ = self.endings.trySend(true)
        self.endings.finish()
    }

    /// What a scrape shows if nobody says otherwise: the pipeline, the process, and what lives.
    package static func registry(of pipeline: Pipeline) -> MetricsRegistry {
        let registry = MetricsRegistry()
        registry.watch(pipeline)
        registry.watchProcess()
        registry.watchLiveObjects()
        return registry
    }

    // MARK: - Private

    private func serve() async throws {
        let configuration = self.configuration
        if let problem = configuration.problem { throw problem }
        let token = try configuration.tokenFile.map(SecretToken.load)
        let tls = try configuration.tls.map(AdminTLS.configuration)
        let socket = try configuration.socket.map(AdminSocket.init)
        defer { socket?.remove() }
        try await withThrowingTaskGroup(of: Ended.self) { group in
            defer { group.cancelAll() }
            var open = 0
            if let listen = configuration.listen {
                let guardian = AdminGuard(token: token, usesTLS: tls != nil, isPrivate: false)
                group.addTask("door \(listen)", in: self.tasks) { try await self.open(listen, guardian, tls) }
                open += 1
            }
            if let socket {
                let guardian = AdminGuard(token: nil, usesTLS: false, isPrivate: true)
                group.addTask("socket", in: self.tasks) { try await self.open(socket, guardian) }
                open += 1
            }
            group.addTask("tick", in: self.tasks) { try await self.tick() }
            group.addTask("end", in: self.tasks) { try await self.waitForEnd() }
            while open > 0, let ended = try await group.next() {
                switch ended {
                case .door: open -= 1
                case .order:
                    await self.doors.close()
                    group.addTask("grace", in: self.tasks) {
                        try await self.time.sleep(for: Self.answersGrace)
                        return .grace
                    }
                case .grace: open = 0
                }
            }
        }
        if let failure = self.failure.withLock({ $0 }) { throw failure }
    }

    private func tick() async throws -> Never {
        while true {
            self.desk.tick()
            try await self.time.sleep(for: .seconds(1))
        }
    }

    private func waitForEnd() async throws -> Ended {
        _ = try await self.endings.receive()
        let deadline = self.time.now().advanced(by: Self.viewersGrace)
        while self.desk.viewerCount > 0, self.time.now() < deadline {
            try await self.time.sleep(for: .milliseconds(20))
        }
        return .order
    }

    private func open(_ listen: ListenAddress, _ guardian: AdminGuard, _ tls: TLSConfiguration?) async throws -> Ended {
        let http = HTTPServerBuilder.http1(configuration: self.channel)
        let server = try tls.map { try HTTPServerBuilder.tls(http, tlsConfiguration: $0) } ?? http
        let starts = self.starts
        let application = self.application(.hostname(listen.host, port: listen.port), guardian, server) { channel in
            _ = starts.trySend(channel.localAddress?.port ?? 0)
        }
        do {
            try await self.doors.serve(application, logger: Self.logger)
            return .door
        } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw PenstockError(.inputOutput, "Nobody can listen on \(listen): \(reason).", underlyingError: error)
        }
    }

    private func open(_ socket: AdminSocket, _ guardian: AdminGuard) async throws -> Ended {
        let (starts, endings, failure) = (self.starts, self.endings, self.failure)
        let server = HTTPServerBuilder.http1(configuration: self.channel)
        let address = BindAddress.unixDomainSocket(path: socket.openingPath)
        let application = self.application(address, guardian, server) { _ in
            do throws(PenstockError) {
                try socket.publish()
                _ = starts.trySend(0)
            } catch {
                failure.withLock { $0 = error }
                endings.finish()
            }
        }
        do {
            try await self.doors.serve(application, logger: Self.logger)
            return .door
        } catch let error as IOError {
            throw socket.problem(String(cString: strerror(error.errnoCode)), error)
        }
    }

    private func application(
        _ address: BindAddress,
        _ guardian: AdminGuard,
        _ server: HTTPServerBuilder,
        onServerRunning: @escaping @Sendable (any NIOCore.Channel) async -> Void
    ) -> Application<CallbackResponder<BasicRequestContext>> {
        let routes = AdminRoutes(
            guardian: guardian,
            desk: self.desk,
            subject: self.subject,
            metrics: self.metrics,
            objects: self.objects,
            drainDeadline: self.configuration.drainDeadline
        )
        return Application(
            responder: CallbackResponder { request, _ in await routes.respond(to: request) },
            server: server,
            configuration: ApplicationConfiguration(address: address),
            onServerRunning: onServerRunning,
            logger: Self.logger
        )
    }

    /// Says nothing.
    private static let logger = Logger(label: "penstock.admin") { _ in SwiftLogNoOpLogHandler() }

    /// How the connections at a door are served, which has a list of them for itself.
    private var channel: HTTP1Channel.Configuration {
        let connections = AdminConnections(countMax: self.configuration.connectionsMax)
        let requestTime = TimeAmount(self.configuration.requestTime)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [AdminConnectionBuilder(connections, requestTime: requestTime)],
            idleTimeout: .seconds(60),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.headBytesMax,
                maxHeaderListSize: Self.headBytesMax,
                maxHeaderFieldCount: 100
            )
        )
    }
}
#endif

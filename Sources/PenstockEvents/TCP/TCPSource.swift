//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A source that takes lines from TCP connections.
///
/// ```swift
/// Source("in", TCPSource(TCPSourceConfiguration(listen: .loopback(port: 7000))))
/// ```
///
/// Each line is an event; the last one of a connection may lack its end. Nothing is answered: who wants to know what has
/// become of events uses HTTP. While the queue has no place nothing is read, and clients wait. <doc:Listening> tells the whole.
public final class TCPSource: AcknowledgedSource {
    /// `tcp`.
    public let typeName = "tcp"

    private enum State {
        /// It does not listen. Can transition to: `listening`.
        case closed
        /// It listens. Can transition to: `closed`.
        case listening(ListeningSocket)
    }

    /// What it does, and what it holds clients to.
    public let configuration: TCPSourceConfiguration
    private let time: TimeSource
    private let notice: @Sendable (String) -> Void
    private let state = Locked(State.closed)

    /// How much is read from a connection at a time.
    static let readBytes = 64 << 10
    /// How long nobody is let in, in nanoseconds, when the system has nothing left for another connection.
    private static let restNanoseconds: UInt64 = 1_000_000_000

    /// Creates a source that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: What it does.
    ///   - time: The clock of idle connections.
    ///   - notice: Told, as a sentence for people, of connections that are cut, and of lines that are not taken because it
    ///     is time to stop.
    public init(
        _ configuration: TCPSourceConfiguration,
        time: TimeSource = .system,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.time = time
        self.notice = notice
    }

    /// The port it listens on; nil while it does not.
    public var port: Int? { self.listening?.port }

    /// What ``open()`` would refuse: numbers that make no sense, an address that is taken or that other machines reach.
    ///
    /// Changes nothing; listens on the address for a moment.
    public func check() -> [PenstockError] {
        do throws(PenstockError) {
            try self.validate()
            if self.listening == nil { _ = try ListeningSocket(on: self.configuration.listen) }
            return []
        } catch {
            return [error]
        }
    }

    /// Begins to listen. Who connects before ``run(_:)`` waits.
    ///
    /// - Throws: `invalidConfiguration`, or `inputOutput` when the address cannot be had.
    public func open() async throws {
        guard self.listening == nil else { return }
        try self.validate()
        let socket = try ListeningSocket(on: self.configuration.listen)
        self.state.withLock { $0 = .listening(socket) }
    }

    /// Stops listening, when the run could not start.
    public func close() async {
        self.state.withLock { $0 = .closed }
    }

    /// Takes lines until it is time to stop; then it listens no more, and closes all connections.
    ///
    /// - Parameter feed: What takes the events.
    /// - Throws: Why it cannot listen, if it was not open.
    public func run(_ feed: SourceFeed) async throws {
        if self.listening == nil { try await self.open() }
        guard let socket = self.listening else { return }
        defer { self.state.withLock { $0 = .closed } }
        var connections = TCPConnections(self.configuration, lineBytesMax: feed.lineBytesMax)
        var batches: UInt64 = 0
        var restsUntil: UInt64 = 0
        while !feed.isStopping {
            let ready = self.wait(socket, connections, restsUntil, feed)
            if feed.isStopping { break }
            let now = self.time.now()
            // From behind: one that ends gives its place to the last one, which was looked at.
            for place in (0..<connections.count).reversed() {
                let reading =
                    ready[place + 1] ? connections.read(place, at: now) : connections.endIfIdle(place, at: now)
                if let end = reading.end {
                    connections.remove(place)
                    self.tell(end)
                }
                guard let lines = reading.lines else { continue }
                batches += 1
                try await self.handOver(lines, batches, feed)
            }
            if ready[0], !self.admit(from: socket, to: &connections, at: now) {
                restsUntil = now &+ Self.restNanoseconds
            }
        }
        let left = connections.unfinishedBytes
        if left > 0 { self.notice("\(feed.name): \(left) bytes of lines without an end were not taken at the stop") }
    }

    /// Does nothing: clients are not told. With a durable queue batches are written together because of it.
    public func settle(_ settlements: [Settlement]) async {}

    // MARK: - Private

    private var listening: ListeningSocket? {
        self.state.withLock { if case .listening(let socket) = $0 { socket } else { nil } }
    }

    private func validate() throws(PenstockError) {
        guard let problem = self.configuration.problem else { return }
        throw PenstockError(.invalidConfiguration, "A source that listens for TCP needs \(problem).")
    }

    /// Blocks until there is something to do; tells what has: the socket that listens, and each connection.
    private func wait(
        _ socket: ListeningSocket,
        _ connections: TCPConnections,
        _ restsUntil: UInt64,
        _ feed: SourceFeed
    ) -> [Bool] {
        let now = self.time.now()
        let isResting = now < restsUntil
        // A negative number is one that poll passes over.
        let door = pollfd(fd: isResting ? -1 : socket.file.number, events: Int16(POLLIN), revents: 0)
        var polled = [door] + connections.polled
        var deadline = connections.firstDeadline
        if isResting { deadline = min(deadline ?? .max, restsUntil) }
        let milliseconds = deadline.map { $0 > now ? ($0 - now + 999_999) / 1_000_000 : 0 }
        feed.waitToRead(&polled, milliseconds: milliseconds.map(Int32.init(clamping:)) ?? -1)
        return polled.map { $0.revents != 0 }
    }

    /// Lets those in who wait to be; false when the system has nothing left for another connection.
    private func admit(from socket: ListeningSocket, to connections: inout TCPConnections, at now: UInt64) -> Bool {
        do throws(SystemError) {
            // As many as may wait, so that those who are in get their turn.
            for _ in 0..<ListeningSocket.backlog {
                guard let file = try socket.accept() else { return true }
                if connections.isFull {
                    self.notice("a connection was closed at once: there are \(connections.count) already")
                } else {
                    connections.add(file, session: .random(in: 1 ... .max), at: now)
                }
            }
            return true
        } catch {
            self.notice("no connection can be made for a second: \(error)")
            return false
        }
    }

    private func handOver(_ lines: TCPConnections.Lines, _ number: UInt64, _ feed: SourceFeed) async throws {
        let batch = SourceBatch(
            id: number,
            lines: lines.bytes,
            firstPosition: lines.position,
            session: lines.session
        )
        do throws(PenstockError) {
            try await feed.offer(batch)
        } catch {
            let bytes = lines.bytes.count
            self.notice("\(feed.name): of \(bytes) bytes of lines \(error.acceptedCount) events were taken at the stop")
            throw error
        }
    }

    private func tell(_ end: TCPConnections.End) {
        switch end {
        case .left: break
        case .idle: self.notice("a connection was closed: nothing came for \(self.configuration.idleTime)")
        case .crowded:
            let most = self.configuration.unfinishedBytesMax
            self.notice("a connection was closed: there are more than \(most) bytes of lines without an end")
        }
    }
}

/// Looks at an address before a run, so that a fault can be shown where it stands.
package enum TCPCheck {
    /// Why nobody can listen on an address now, as a sentence; nil when somebody can.
    package static func problem(of listen: ListenAddress) -> String? {
        do throws(PenstockError) {
            _ = try ListeningSocket(on: listen)
            return nil
        } catch {
            return error.message
        }
    }
}

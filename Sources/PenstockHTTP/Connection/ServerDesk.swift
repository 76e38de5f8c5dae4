//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Penstock
import PenstockEvents
import Tracing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the connections of one server have in common; everything happens on their event loop.
final class ServerDesk {
    let configuration: HTTPSourceConfiguration
    let rules: RequestRules
    private let line: HandOverLine
    private let time: TimeSource
    private let loop: any EventLoop
    private(set) var isStopping = false
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    /// Requests whose events are on their way, by their numbers.
    private var requests: [UInt64: HTTPConnection] = [:]
    private var lastNumber: UInt64 = 0
    /// Bytes of bodies that connections hold.
    private(set) var bodiesBytes = 0
    private var waitingForRoom: [HTTPConnection] = []
    private var turns = InflationTurns<HTTPConnection>()
    /// How long the loop sees to everything else before compressed bodies have another turn.
    private static let turnPause = TimeAmount.microseconds(100)
    private var dateSecond: Int64 = -1
    private var dateText = ""
    private var emptied: EventLoopPromise<Void>?

    init(
        _ configuration: HTTPSourceConfiguration,
        token: SecretToken?,
        line: HandOverLine,
        time: TimeSource,
        loop: any EventLoop
    ) {
        self.configuration = configuration
        self.rules = RequestRules(
            path: configuration.path,
            bodyBytesMax: configuration.bodyBytesMax,
            token: token
        )
        self.line = line
        self.time = time
        self.loop = loop
    }

    // MARK: - Connections

    /// Whether one more connection may be made.
    var takesConnections: Bool { !self.isStopping && self.connections.count < self.configuration.connectionsMax }

    /// A connection was made.
    func add(_ connection: HTTPConnection) { self.connections[ObjectIdentifier(connection)] = connection }

    /// A connection is closed.
    func remove(_ connection: HTTPConnection) {
        self.connections[ObjectIdentifier(connection)] = nil
        self.waitingForRoom.removeAll { $0 === connection }
        self.turns.remove(connection)
        self.tellIfEmptied()
    }

    /// Stops: requests whose events are on their way are answered yet, all others not.
    ///
    /// - Returns: When all connections are closed but those that wait for the fates of their events.
    func stop() -> EventLoopFuture<Void> {
        self.isStopping = true
        let promise = self.loop.makePromise(of: Void.self)
        self.emptied = promise
        for number in self.line.close() { self.requests[number]?.handedOver(.stopped(0)) }
        for connection in Array(self.connections.values) { connection.stop() }
        self.tellIfEmptied()
        return promise.futureResult
    }

    private func tellIfEmptied() {
        guard let emptied, self.connections.values.allSatisfy(\.isWaiting) else { return }
        self.emptied = nil
        emptied.succeed()
    }

    /// Closes all connections but those that wait for the fates of their events.
    func abortIdle() {
        for connection in Array(self.connections.values) where !connection.isWaiting { connection.abort() }
    }

    // MARK: - Requests

    /// A number for a request.
    func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }

    /// Puts the events of a request where the source takes them from; tells whether they stand there.
    func handOver(
        _ lines: BodyLines,
        number: UInt64,
        trace: ServiceContext?,
        of connection: HTTPConnection
    ) -> Bool {
        let deadline = self.time.now().advanced(by: self.configuration.wait)
        self.requests[number] = connection
        return self.line.add(HandedRequest(number: number, lines: lines, deadline: deadline, trace: trace))
    }

    /// Takes a request back; tells whether nothing of it was taken nor will be.
    func withdraw(_ number: UInt64) -> Bool { self.line.withdraw(number) }

    /// Nobody waits for the fates of a request any more.
    func forget(_ number: UInt64) { self.requests[number] = nil }

    /// The source has handed over the events of a request, or not.
    func handedOver(_ number: UInt64, _ handOver: PendingAnswer.HandOver) {
        self.requests[number]?.handedOver(handOver)
    }

    /// Requests have been settled.
    ///
    /// - Returns: When all answers that this has led to have been written.
    func settle(_ settlements: [Settlement]) -> EventLoopFuture<Void> {
        guard self.configuration.acknowledgement != .accepted else { return self.loop.makeSucceededVoidFuture() }
        let written = settlements.compactMap { self.requests[$0.batch]?.settle($0) }
        // A client that does not read its answers must not hold up the news for others. At the end they are waited for,
        // because the process may go, and no longer than a connection may linger.
        return self.isStopping
            ? EventLoopFuture.andAllComplete(written, on: self.loop) : self.loop.makeSucceededVoidFuture()
    }

    // MARK: - Bodies

    /// Whether another piece of a body may be read.
    var hasRoom: Bool { self.bodiesBytes < self.configuration.bodiesBytesMax }

    /// A connection waits until there is room.
    func waitForRoom(_ connection: HTTPConnection) { self.waitingForRoom.append(connection) }

    /// A connection holds more bytes.
    func charge(_ bytes: Int) { self.bodiesBytes += bytes }

    /// A connection holds fewer bytes.
    func release(_ bytes: Int) {
        self.bodiesBytes -= bytes
        guard self.hasRoom, !self.waitingForRoom.isEmpty else { return }
        let waiting = self.waitingForRoom
        self.waitingForRoom = []
        // Not at once: whoever releases is in the middle of something.
        self.loop.assumeIsolated().execute {
            for connection in waiting { connection.resume() }
        }
    }

    /// Whether another piece of a compressed body may be inflated in this turn.
    var mayInflate: Bool { self.turns.mayGoOn }

    /// A connection waits for its next turn to inflate.
    func waitForTurn(_ connection: HTTPConnection) { self.turns.wait(connection) }

    /// A connection has inflated so many bytes.
    func inflated(_ bytes: Int) {
        if self.turns.spend(bytes) { self.scheduleTurn() }
    }

    private func scheduleTurn() {
        self.loop.assumeIsolated().scheduleTask(in: Self.turnPause) {
            self.turns.begin()
            while let connection = self.turns.next() { connection.resume() }
            // From its end: what is due at once would be done before the loop looks at its sockets.
            if self.turns.end() { self.scheduleTurn() }
        }
    }

    // MARK: - Time

    /// The value of the `Date` header.
    func date() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let second = Int64(now.tv_sec)
        if second != self.dateSecond {
            self.dateSecond = second
            self.dateText = HTTPDate.text(second)
        }
        return self.dateText
    }
}
#endif

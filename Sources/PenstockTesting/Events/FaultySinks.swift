//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import PenstockEvents

/// A sink that keeps what it gets in memory, to look at.
public final class CollectingSink: EventSink {
    private struct State {
        var lines: [String] = []
        var batches: [SinkBatchID] = []
        var isOpen = false
        var isClosed = false
    }

    private let state = Locked(State())

    /// Creates an empty sink.
    public init() {}

    /// The events it has, in the order in which they came.
    public var lines: [String] { self.state.withLock { $0.lines } }

    /// The names of the batches it has taken.
    public var batches: [SinkBatchID] { self.state.withLock { $0.batches } }

    /// Whether it was opened before the first batch came, and closed after the last.
    public var isClosed: Bool { self.state.withLock { $0.isOpen && $0.isClosed } }

    /// Makes the sink ready.
    public func open() async throws {
        self.state.withLock { $0.isOpen = true }
    }

    /// Writes a batch.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let lines = batch.events.map(\.text)
        return self.state.withLock { state in
            guard state.isOpen, !state.isClosed else { return .refused("the sink is not open") }
            state.lines += lines
            state.batches.append(batch.id)
            return .delivered
        }
    }

    /// Ends the sink.
    public func close() async throws {
        self.state.withLock { $0.isClosed = true }
    }
}

/// A sink that never comes back from a write until it is released, whatever is cancelled meanwhile.
public final class HangingSink: EventSink {
    private let gate = StubbornGate()

    /// Creates a sink that hangs.
    public init() {}

    /// How many writes hang.
    public var hangingCount: Int { self.gate.waitingCount }

    /// Lets all writes return, those to come too.
    public func release() { self.gate.open() }

    /// Writes a batch.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        await self.gate.pass()
        return .delivered
    }
}

/// A sink that fails some attempts before it passes batches on to another.
public final class FailingSink: EventSink {
    private struct State {
        var failuresLeft: Int
        var failedBatch: SinkBatchID?
        var hasOtherName = false
    }

    private let sink: any EventSink
    private let state: Locked<State>

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - sink: The sink that gets what does not fail.
    ///   - times: How many attempts fail.
    public init(_ sink: any EventSink, failing times: Int) {
        self.sink = sink
        self.state = Locked(State(failuresLeft: times))
    }

    /// Whether each batch that was tried again had the name that it had before; with one write at a time.
    public var namesWereKept: Bool { self.state.withLock { !$0.hasOtherName } }

    /// Makes the sink ready.
    public func open() async throws { try await self.sink.open() }

    /// Writes a batch.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let fails = self.state.withLock { state in
            if let failed = state.failedBatch, failed != batch.id { state.hasOtherName = true }
            guard state.failuresLeft > 0 else {
                state.failedBatch = nil
                return false
            }
            state.failuresLeft -= 1
            state.failedBatch = batch.id
            return true
        }
        return fails ? .retry("it was told to fail") : try await self.sink.write(batch)
    }

    /// Ends the sink.
    public func close() async throws { try await self.sink.close() }
}

/// A sink that refuses some events, and passes the others on to another.
public final class RefusingSink: EventSink {
    private let refuses: @Sendable (Event) -> Bool
    private let taken = Locked<[String]>([])

    /// Creates a sink.
    ///
    /// - Parameter refuses: Whether an event is refused.
    public init(_ refuses: @escaping @Sendable (Event) -> Bool) {
        self.refuses = refuses
    }

    /// The events it has taken.
    public var lines: [String] { self.taken.withLock { $0 } }

    /// Writes a batch.
    public func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let answers = batch.events.map { self.refuses($0) ? EventAnswer.refused("it was told to refuse") : .delivered }
        let taken = zip(batch.events, answers).filter { $1 == .delivered }.map { $0.0.text }
        self.taken.withLock { $0 += taken }
        return .each(answers)
    }
}

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

/// A source of events from memory, in batches, that keeps what it is told of them.
public final class CountedSource: AcknowledgedSource {
    /// What the source does when it has handed everything over.
    public struct Ending: Sendable {
        enum Kind: Sendable {
            case end
            case fail(String)
            case stall
        }

        let kind: Kind

        /// It ends.
        public static let end = Ending(kind: .end)

        /// It fails.
        ///
        /// - Parameter reason: Why.
        public static func fail(_ reason: String) -> Ending { Ending(kind: .fail(reason)) }

        /// It hands nothing over any more, and waits until it is told to stop.
        public static let stall = Ending(kind: .stall)
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let lines: [String]
    private let batchMax: Int
    private let ending: Ending
    private let told = Locked<[Settlement]>([])
    private let sent = Locked(0)

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - lines: Its events.
    ///   - batchMax: The most events of a batch.
    ///   - ending: What it does when it has handed everything over.
    public init(_ lines: [String], batchMax: Int = 7, ending: Ending = .end) {
        self.lines = lines
        self.batchMax = batchMax
        self.ending = ending
    }

    /// What it was told.
    public var settlements: [Settlement] { self.told.withLock { $0 } }

    /// How many batches it has given to the feed, the last of which may have been refused.
    public var batchesSent: Int { self.sent.withLock { $0 } }

    /// Hands over the events.
    public func run(_ feed: SourceFeed) async throws {
        var rest = self.lines[...]
        var number: UInt64 = 0
        while !rest.isEmpty {
            number += 1
            self.sent.withLock { $0 += 1 }
            try await feed.send(SourceBatch(id: number, text: rest.prefix(self.batchMax).map { $0 + "\n" }.joined()))
            rest = rest.dropFirst(self.batchMax)
        }
        switch self.ending.kind {
        case .end: return
        case .fail(let reason): throw Failure(description: reason)
        case .stall: try await TimeSource.system.sleep(for: .seconds(86_400))
        }
    }

    /// Takes the news of batches.
    public func settle(_ settlements: [Settlement]) async {
        self.told.withLock { $0 += settlements }
    }
}

/// A source that does not return when it is told to stop, until it is released.
public final class StubbornSource: EventSource {
    private let gate = StubbornGate()
    private let running = Locked(false)

    /// Creates a source.
    public init() {}

    /// Whether it runs.
    public var isRunning: Bool { self.running.withLock { $0 } }

    /// Lets it return.
    public func release() { self.gate.open() }

    /// Hands over the events.
    public func run(_ feed: SourceFeed) async throws {
        self.running.withLock { $0 = true }
        await self.gate.pass()
        self.running.withLock { $0 = false }
    }
}

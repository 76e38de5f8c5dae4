//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Where events come from: a source of one's own.
///
/// A source runs on a thread of its own and may block it. It hands batches to its ``SourceFeed``, which waits while the
/// queue is full: that is all the backpressure there is, and a source has nothing to do for it.
///
/// What a source can rely on:
/// - A ``SourceFeed/send(_:)`` that returns has put every event of the batch into the queue, and each will find a fate.
/// - One that throws has put in as many as its error tells, the first ones, and the source is to end.
///
/// What a pipeline relies on: when it is time to stop, the source's task is cancelled and ``SourceFeed/isStopping`` is
/// true; the source returns soon. One that does not is left behind when the grace of a drain has passed.
public protocol EventSource: PipelineEnd {
    /// Makes the source ready, before any source runs and any file has been changed: binds an address, for instance.
    ///
    /// It may block its thread, for ``PipelineConfiguration/openTimeMax`` at most.
    ///
    /// - Throws: Why the run cannot start.
    func open() async throws

    /// Hands over events, until there are no more or it is time to stop.
    ///
    /// - Parameter feed: What takes them.
    /// - Throws: Why there are no more although there should be: the run fails, after the events handed over have found
    ///   their fates. An error of ``SourceFeed/send(_:)`` or a `CancellationError` is no failure once it is time to stop.
    func run(_ feed: SourceFeed) async throws

    /// Lets go of what ``open()`` has made ready; called only when the run could not start and ``run(_:)`` will not be
    /// called.
    func close() async
}

extension EventSource {
    /// Does nothing.
    public func open() async throws {}

    /// Does nothing.
    public func close() async {}
}

/// A source that is told what became of the events it has handed over.
///
/// So checkpoints move on, an upload is answered when its events are safe, and a durable queue deletes what has been
/// delivered.
public protocol AcknowledgedSource: EventSource {
    /// Takes the news of batches of which each event has its fate.
    ///
    /// Each batch that was given to ``SourceFeed/send(_:)`` is settled once. Batches are settled in the order in which
    /// their events find their fates, which need not be that of ``SourceFeed/send(_:)``. The news of a batch may come
    /// before its `send` returns. Calls do not overlap, and all have been made when the pipeline's `run()` returns, but
    /// for a source that does not return from one of them when the grace of a drain has passed.
    ///
    /// - Parameter settlements: The news; at least one.
    func settle(_ settlements: [Settlement]) async
}

/// Events that a source hands over together.
public struct SourceBatch: Sendable {
    /// The source's own name for the batch; its ``Settlement`` has the same.
    public var id: UInt64
    /// Whole events, each with an LF behind it; the last may lack it. An empty line is no event.
    public var lines: [UInt8]
    /// The position of the first line; the next one has the next. Nil goes on behind the batch before.
    public var firstPosition: UInt64?
    /// Which stream of positions this is, if they mean the same after a restart; nil for a number of this run.
    public var session: UInt64?

    /// Creates a batch.
    ///
    /// - Parameters:
    ///   - id: The source's own name for it.
    ///   - lines: Whole events, each with an LF behind it; the last may lack it.
    ///   - firstPosition: The position of the first line; nil goes on behind the batch before.
    ///   - session: Which stream of positions this is; nil for a number of this run.
    public init(id: UInt64, lines: [UInt8], firstPosition: UInt64? = nil, session: UInt64? = nil) {
        self.id = id
        self.lines = lines
        self.firstPosition = firstPosition
        self.session = session
    }

    /// Creates a batch of text.
    ///
    /// - Parameters:
    ///   - id: The source's own name for it.
    ///   - text: Whole events, each with a line end behind it; the last may lack it.
    public init(id: UInt64, text: String) {
        self.init(id: id, lines: Array(text.utf8))
    }
}

/// What became of the events of a batch that a source handed over.
///
/// Each event is counted once, as in the ledger of the run. An event of an aggregate counts as aggregated when the rows
/// of its window have reached every sink, and shares their fate if they have another.
public struct Settlement: Sendable, Equatable {
    /// The source's name for the batch.
    public internal(set) var batch: UInt64
    /// Events that reached every sink they were routed to.
    public internal(set) var delivered = 0
    /// Events that a filter or a step ended.
    public internal(set) var filtered = 0
    /// Events whose window has been delivered.
    public internal(set) var aggregated = 0
    /// Events that are dead letters.
    public internal(set) var deadLettered = 0
    /// Events that were lost, whatever the reason.
    public internal(set) var dropped = 0
    /// Events that a durable queue has.
    public internal(set) var stored = 0
    /// Events that were not taken: a full queue refuses them, or it was time to stop, and then those behind the first of them
    /// are not counted.
    public internal(set) var rejected = 0

    /// What an event counts as.
    enum Fate: Sendable {
        case delivered, filtered, aggregated, deadLettered, dropped, stored, rejected
    }

    init(batch: UInt64) {
        self.batch = batch
    }

    mutating func add(_ count: Int, _ fate: Fate) {
        switch fate {
        case .delivered: self.delivered += count
        case .filtered: self.filtered += count
        case .aggregated: self.aggregated += count
        case .deadLettered: self.deadLettered += count
        case .dropped: self.dropped += count
        case .stored: self.stored += count
        case .rejected: self.rejected += count
        }
    }

    /// Whether each event is where it was to go, or safe among the dead letters.
    public var isSafe: Bool { self.dropped == 0 && self.rejected == 0 }

    /// How many events the batch had.
    public var events: Int {
        self.delivered + self.filtered + self.aggregated + self.deadLettered + self.dropped + self.stored
            + self.rejected
    }
}

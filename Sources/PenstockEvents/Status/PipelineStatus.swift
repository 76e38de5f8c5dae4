//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// A pipeline as people watch it: a snapshot, and what has changed within the last seconds.
package struct PipelineStatus: Sendable {
    /// Events a second, by what became of them, within the window.
    package struct Rates: Sendable, Equatable {
        package var accepted = 0.0
        package var ended = 0.0
        package var delivered = 0.0
        package var deadLettered = 0.0
        package var dropped = 0.0
        package var rejected = 0.0

        package init() {}
    }

    /// Where the workers' time went within the window, as shares of it that add up to 1; all 0 when there was none.
    package struct Shares: Sendable, Equatable {
        package var busy = 0.0
        package var blocked = 0.0
        package var idle = 0.0

        package init() {}
    }

    /// A source, and how fast it reads.
    package struct Source: Sendable, Equatable {
        package var now: SourceSnapshot
        package var eventsPerSecond = 0.0
        package var bytesPerSecond = 0.0

        package init(_ now: SourceSnapshot) { self.now = now }
    }

    /// A sink, and what it does to the workers.
    package struct Sink: Sendable {
        package var now: SinkSnapshot
        package var deliveredPerSecond = 0.0
        /// The share of the workers' time that they have waited for it.
        package var waitShare = 0.0
        /// Writes that failed within the window.
        package var recentFailures = 0
        /// How long writes took within the window.
        package var writeTimes = LatencyHistogram()

        package init(_ now: SinkSnapshot) { self.now = now }
    }

    /// The pipeline now.
    package var now: PipelineSnapshot
    /// Nanoseconds since 1970.
    package var time: Int64
    /// How far rates and shares look back; zero when there is nothing to compare with.
    package var window = Duration.zero
    package var rates = Rates()
    package var shares = Shares()
    /// From arrival to fate, within the window.
    package var latency = LatencyHistogram()
    /// How long the first events of batches waited in the queue, within the window.
    package var waitTimes = LatencyHistogram()
    /// The share of the window for which a source has waited for a place in the queue.
    package var heldShare = 0.0
    /// For how long the queue has been full without a break.
    package var fullFor = Duration.zero
    /// How old the oldest event of the queue was when the window began.
    package var formerAge = Duration.zero
    /// Dead letters within the window.
    package var recentLetters = 0
    /// Events lost within the window, by reason.
    package var recentDrops: [String: Int] = [:]
    /// Events with a fate within the window.
    package var recentFates = 0
    package var sources: [Source]
    package var sinks: [Sink]

    /// A snapshot with nothing to compare it with.
    package init(_ now: PipelineSnapshot, time: Int64) {
        self.now = now
        self.time = time
        self.sources = now.sources.map(Source.init)
        self.sinks = now.sinks.map(Sink.init)
    }

    /// A snapshot, compared with an earlier one.
    package init(_ now: PipelineSnapshot, since earlier: PipelineSnapshot, window: Duration, time: Int64) {
        self.init(now, time: time)
        let seconds = window.inSeconds
        guard seconds > 0 else { return }
        self.window = window
        self.compareEvents(with: earlier.events, seconds: seconds)
        let workers = now.workerTimes.total - earlier.workerTimes.total
        func share(_ part: (WorkerTimes) -> Duration) -> Double {
            Self.share(part(now.workerTimes) - part(earlier.workerTimes), of: workers)
        }
        self.shares.busy = share { $0.busy }
        self.shares.blocked = share { $0.blocked }
        self.shares.idle = share { $0.idle }
        self.latency = now.latency.since(earlier.latency)
        self.formerAge = earlier.pool?.oldestAge ?? .zero
        if let pool = now.pool {
            self.waitTimes = earlier.pool.map { pool.waitTimes.since($0.waitTimes) } ?? pool.waitTimes
            self.heldShare = Self.share(pool.producersHeld - (earlier.pool?.producersHeld ?? .zero), of: window)
        }
        self.compareEnds(with: earlier, seconds: seconds, workers: workers)
    }

    // MARK: - Private

    private mutating func compareEvents(with earlier: EventLedger, seconds: Double) {
        let events = self.now.events
        func rate(_ count: (EventLedger) -> Int) -> Double {
            max(0, Double(count(events) - count(earlier)) / seconds)
        }
        self.rates.accepted = rate { $0.accepted }
        self.rates.ended = rate { $0.fates }
        self.rates.delivered = rate { $0.delivered }
        self.rates.deadLettered = rate { $0.deadLettered }
        self.rates.dropped = rate { $0.droppedTotal }
        self.rates.rejected = rate { $0.rejected }
        self.recentFates = max(0, events.fates - earlier.fates)
        self.recentLetters = max(0, events.deadLettered - earlier.deadLettered)
        self.recentDrops = events.dropped.reduce(into: [:]) { drops, entry in
            let recent = entry.value - (earlier.dropped[entry.key] ?? 0)
            if recent > 0 { drops[entry.key] = recent }
        }
    }

    private mutating func compareEnds(with earlier: PipelineSnapshot, seconds: Double, workers: Duration) {
        // What was not there before the run began has begun with nothing.
        for index in self.sources.indices {
            let now = self.sources[index].now
            let then =
                earlier.sources.first { $0.name == now.name } ?? SourceSnapshot(name: now.name, type: now.type)
            self.sources[index].eventsPerSecond = max(0, Double(now.events - then.events) / seconds)
            self.sources[index].bytesPerSecond = max(0, Double(now.bytes - then.bytes) / seconds)
        }
        for index in self.sinks.indices {
            let now = self.sinks[index].now
            let then = earlier.sinks.first { $0.name == now.name } ?? SinkSnapshot(name: now.name, type: now.type)
            self.sinks[index].deliveredPerSecond = max(
                0,
                Double(now.ledger.delivered - then.ledger.delivered) / seconds
            )
            self.sinks[index].waitShare = Self.share(now.workersWaited - then.workersWaited, of: workers)
            self.sinks[index].recentFailures = max(0, now.failures - then.failures)
            self.sinks[index].writeTimes = now.writeTimes.since(then.writeTimes)
        }
    }

    private static func share(_ part: Duration, of whole: Duration) -> Double {
        whole > .zero ? min(1, max(0, part / whole)) : 0
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock
import Penstock

/// One producer: which of all jobs are its own, and when it sends them.
struct Producer: Sendable {
    /// The time between two bursts of an open loop, in nanoseconds.
    static let tick: UInt64 = 100_000
    /// How long after the start latencies are not recorded, in nanoseconds.
    static let warmUp: UInt64 = 300_000_000

    let jobs: Range<Int>
    /// When the first burst is due.
    let start: UInt64
    /// The first job whose latency counts is due at this time.
    let recordsFrom: UInt64
    /// Jobs in each burst, a fraction of one perhaps; nil in a closed loop.
    let jobsPerTick: Double?

    /// Shares all jobs among producers, whose bursts take turns within a tick.
    static func all(_ options: BenchOptions, count: Int, start: UInt64) -> [Producer] {
        (0..<count).map { index in
            Producer(
                jobs: (index * options.events / count)..<((index + 1) * options.events / count),
                start: start + Self.tick * UInt64(index) / UInt64(count),
                recordsFrom: start + Self.warmUp,
                jobsPerTick: options.rate.map { $0 / Double(count) * Double(Self.tick) / 1e9 }
            )
        }
    }

    /// Sends all jobs of a run from as many producers as it has.
    ///
    /// - Parameters:
    ///   - executor: Where producers of a closed loop run; those of an open one have threads of their own.
    ///   - lane: Makes a producer's lane, which it gives up at its end.
    static func runAll<Lane: BenchLane & ~Copyable>(
        _ options: BenchOptions,
        start: UInt64,
        on executor: (any TaskExecutor)?,
        lane: @escaping @Sendable () -> Lane
    ) async throws {
        try await self.forEach(options, start: start, on: executor) { producer in
            var lane = lane()
            for burst in producer.bursts { try await lane.send(burst) }
        }
    }

    /// Runs a body for each producer of a run, side by side.
    static func forEach(
        _ options: BenchOptions,
        start: UInt64,
        on executor: (any TaskExecutor)?,
        _ body: @escaping @Sendable (Producer) async throws -> Void
    ) async throws {
        let threads = options.rate.map { _ in ThreadExecutor(threads: options.producers, name: "producer") }
        defer { threads?.shutdown() }
        try await withThrowingTaskGroup { group in
            for producer in Self.all(options, count: options.producers, start: start) {
                group.addTask(executorPreference: threads ?? executor) { try await body(producer) }
            }
            try await group.waitForAll()
        }
    }

    /// What the producer sends, in order; see ``Bursts``.
    var bursts: Bursts { Bursts(self) }
}

/// Jobs that are sent one right after the other.
struct Burst {
    let numbers: Range<Int>
    /// The ``BenchJob/due`` of each.
    let due: UInt64

    @inline(__always)
    func job(_ number: Int) -> BenchJob { BenchJob(due: self.due, number: number) }
}

/// A producer's jobs: in one burst, or in bursts at fixed times.
///
/// In an open loop it blocks the thread until the next burst is due, and so must not be used on Swift's own threads.
struct Bursts: Sequence, IteratorProtocol {
    private let producer: Producer
    private var sent: Int
    private var count: UInt64 = 0

    init(_ producer: Producer) {
        self.producer = producer
        self.sent = producer.jobs.lowerBound
        if producer.jobsPerTick != nil { cpenstock_sharpen_timers() }
    }

    mutating func next() -> Burst? {
        let jobs = self.producer.jobs
        guard self.sent < jobs.upperBound else { return nil }
        var (last, stamp) = (jobs.upperBound, UInt64(0))
        if let jobsPerTick = self.producer.jobsPerTick {
            // The intended time, however late this burst is: what a late or blocked producer costs is latency.
            let due = self.producer.start + self.count * Producer.tick
            self.count += 1
            ThreadSleep.until(due)
            last = Swift.min(jobs.lowerBound + Int(Double(self.count) * jobsPerTick), jobs.upperBound)
            stamp = due < self.producer.recordsFrom ? 0 : due
        }
        defer { self.sent = last }
        return Burst(numbers: self.sent..<last, due: stamp)
    }
}

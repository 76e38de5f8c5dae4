//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CoreMetrics
import Penstock
import PenstockMetrics

/// Counts and records, over and over: what that costs, with Penstock's own instruments and with others.
package struct MetricsBench: Sendable {
    /// How many operations each task does in a round.
    package var operations: Int
    /// How many rounds there are, of which the best counts: whatever else a machine does only makes one slower.
    package var rounds: Int

    package init(operations: Int, rounds: Int) {
        self.operations = operations
        self.rounds = rounds
    }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What submitting throws, which is a defect.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> [MetricsFigure] {
        let registry = MetricsRegistry()
        var figures: [MetricsFigure] = []
        progress("instruments")
        for tasks in [1, 2] { figures += await self.instruments(of: registry, tasks: tasks) }
        progress("swift-metrics")
        for tasks in [1, 2] {
            figures += await self.bridged("swift-metrics, Penstock's backend", PenstockMetricsFactory(registry), tasks)
            figures += await self.bridged("swift-metrics, a backend with a lock", LockedFactory(), tasks)
        }
        figures += await self.lookedUp("swift-metrics, Penstock's backend", PenstockMetricsFactory(registry))
        figures += await self.lookedUp("swift-metrics, a backend with a lock", LockedFactory())
        progress("jobs of a pool")
        figures += try await self.jobs()
        return figures
    }

    // MARK: - Private

    private func instruments(of registry: MetricsRegistry, tasks: Int) async -> [MetricsFigure] {
        let counter = registry.counter(MetricFamily("bench_total", .counter, help: "Bench."))
        let total = registry.total(MetricFamily("bench_seconds_total", .counter, help: "Bench."))
        let gauge = registry.gauge(MetricFamily("bench", .gauge, help: "Bench."))
        let histogram = registry.histogram(MetricFamily("bench_times", .histogram, help: "Bench."))
        return [
            await self.figure("Penstock", "counter", tasks) { _ in counter.increment() },
            await self.figure("Penstock", "total", tasks) { _ in total.add(0.5) },
            await self.figure("Penstock", "gauge", tasks) { gauge.set(Double($0)) },
            await self.figure("Penstock", "histogram", tasks) { histogram.record(nanoseconds: Self.time($0)) },
        ]
    }

    private func bridged(_ name: String, _ factory: any MetricsFactory, _ tasks: Int) async -> [MetricsFigure] {
        let counter = Counter(label: "bridged", factory: factory)
        let timer = Timer(label: "bridged_times", factory: factory)
        return [
            await self.figure(name, "counter", tasks) { _ in counter.increment() },
            await self.figure(name, "histogram", tasks) { timer.recordNanoseconds(Int64(Self.time($0))) },
        ]
    }

    /// A counter that is looked up by its label, and a time: what a job counts where nobody keeps handles.
    private func lookedUp(_ name: String, _ factory: any MetricsFactory) async -> [MetricsFigure] {
        let timer = Timer(label: "looked_up_times", factory: factory)
        return [
            await self.figure(name, MetricsFigure.lookedUp, 1) { index in
                Counter(label: "looked_up", dimensions: [("outcome", "done")], factory: factory).increment()
                timer.recordNanoseconds(Int64(Self.time(index)))
            }
        ]
    }

    /// From 1 to 64 us.
    private static func time(_ index: Int) -> UInt64 { UInt64(1 + index & 63) * 1_000 }

    private func figure(
        _ library: String,
        _ operation: String,
        _ tasks: Int,
        _ body: @escaping @Sendable (Int) -> Void
    ) async -> MetricsFigure {
        var best = Times(elapsed: .infinity, processor: .infinity)
        for _ in 0..<self.rounds { best = best.merged(await self.round(tasks, body), by: min) }
        var figure = MetricsFigure(library: library, operation: operation, tasks: tasks, nanoseconds: best.elapsed)
        figure.processorNanoseconds = best.processor
        return figure
    }

    /// What each task took for an operation, in nanoseconds.
    private struct Times {
        var elapsed: Double
        /// On a processor: what else the machine does is not in it, nor are waits for a lock.
        var processor: Double

        func merged(_ other: Times, by choose: (Double, Double) -> Double) -> Times {
            Times(elapsed: choose(self.elapsed, other.elapsed), processor: choose(self.processor, other.processor))
        }
    }

    /// The times of the slowest task.
    private func round(_ tasks: Int, _ body: @escaping @Sendable (Int) -> Void) async -> Times {
        let operations = self.operations
        return await withTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask {
                    // Nothing suspends between the looks at the clocks, so that they are the same thread's.
                    let (begun, processor) = (TimeSource.system.now(), ProcessUsage.threadTime())
                    for index in 0..<operations { body(index) }
                    return Times(
                        elapsed: Double(TimeSource.system.now() - begun) / Double(operations),
                        processor: Double(ProcessUsage.threadTime() - processor) / Double(operations)
                    )
                }
            }
            return await group.reduce(Times(elapsed: 0, processor: 0)) { $0.merged($1, by: max) }
        }
    }

    /// A job that does nothing, without times, with sampled ones and with every job's.
    private func jobs() async throws -> [MetricsFigure] {
        let timings: [(String, WorkerPoolConfiguration.Timing)] = [
            ("job, no times", .off), ("job, sampled times", .sampled), ("job, every job timed", .everyJob),
        ]
        var best = timings.map { _ in Double.infinity }
        // One after another in each round, so that what else the machine does meets all.
        for _ in 0..<self.rounds {
            for (index, timing) in timings.enumerated() {
                best[index] = min(best[index], try await self.job(timing.1))
            }
        }
        return zip(timings, best).map { MetricsFigure(library: "Penstock", operation: $0.0, tasks: 1, nanoseconds: $1) }
    }

    private func job(_ timing: WorkerPoolConfiguration.Timing) async throws -> Double {
        var configuration = WorkerPoolConfiguration(name: "bench", workers: 1)
        configuration.timing = timing
        let pool = WorkerPool(configuration) { (_: Int) in }
        return try await withTaskExecutorPreference(pool.executor) {
            async let run = pool.run()
            var sender = pool.sender()
            let begun = TimeSource.system.now()
            for job in 0..<self.operations { try await sender.send(job) }
            sender.flush()
            _ = await pool.drain()
            let elapsed = TimeSource.system.now() - begun
            _ = try await run
            return Double(elapsed) / Double(self.operations)
        }
    }
}

/// What one operation has cost.
package struct MetricsFigure: Sendable, Equatable {
    /// Whose instrument it is.
    package var library: String
    /// What was done.
    package var operation: String
    /// Both of what a job counts, the counter found by its label each time.
    package static let lookedUp = "counter by label + time"
    /// How many did it at once.
    package var tasks: Int
    /// Nanoseconds that each took for one.
    package var nanoseconds: Double
    /// Nanoseconds of processor time that each took for one; nil where nobody has looked.
    package var processorNanoseconds: Double?

    package init(library: String, operation: String, tasks: Int, nanoseconds: Double) {
        self.library = library
        self.operation = operation
        self.tasks = tasks
        self.nanoseconds = nanoseconds
    }
}

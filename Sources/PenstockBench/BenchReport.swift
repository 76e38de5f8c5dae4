//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock
import PenstockEvents

/// What a run has shown.
package struct BenchReport: Sendable {
    package let options: BenchOptions
    package let done: Int
    /// The sum of all results: the same for all who did the same jobs.
    package let check: UInt64
    /// From the first job's sending to the last result, in nanoseconds.
    package let elapsed: UInt64
    /// The processor time of the whole process meanwhile, in nanoseconds.
    package let processorTime: UInt64
    /// From the intended time of each job, in an open loop; empty in a closed one.
    package let latencies: LatencyHistogram
    /// The most memory that the process has held, in bytes.
    package let memory: Int
    /// The pool's last ledger; nil without a pool.
    package let ledger: Ledger?
    /// How many threads of the pool's own there were in the end; nil without a pool.
    package let threads: Int?
    /// How long queued jobs waited for a worker, as far as it was measured; empty without a pool.
    package let waits: LatencyHistogram

    init(_ options: BenchOptions, _ tally: Tally, _ meter: Meter, account: PoolAccount?) {
        self.options = options
        self.done = tally.done
        self.check = tally.check
        self.elapsed = max(1, meter.elapsed)
        self.processorTime = meter.processorTime
        self.latencies = tally.latencies
        self.memory = PeakMemory.bytes()
        self.ledger = account?.ledger
        self.threads = account?.threads
        self.waits = account?.waits ?? LatencyHistogram()
    }

    /// Nanoseconds a job, wall time.
    package var nanosecondsPerJob: Double { Double(self.elapsed) / Double(self.options.events) }
    /// Nanoseconds a job, processor time.
    package var processorTimePerJob: Double { Double(self.processorTime) / Double(self.options.events) }
    /// Millions of jobs a second.
    package var throughput: Double { 1e3 / self.nanosecondsPerJob }
    /// The most memory that the process has held, in MiB.
    package var memoryMiB: Double { Double(self.memory) / 1_048_576 }

    /// Why the run counts for nothing: jobs that were lost or done twice, or a ledger that does not balance.
    package var problem: String? {
        if self.done != self.options.events { return "\(self.done) of \(self.options.events) jobs were done" }
        if let ledger, !ledger.isBalanced || ledger.done != self.options.events {
            return "the ledger does not account for every job: \(ledger)"
        }
        return nil
    }
}

/// Time and processor time from a start to an end.
struct Meter {
    private let begun = TimeSource.system.now()
    private let processorTimeBefore = ProcessUsage.processorTime()
    private(set) var elapsed: UInt64 = 0
    private(set) var processorTime: UInt64 = 0

    /// When it was started, on the system's clock.
    var start: UInt64 { self.begun }

    mutating func stop() {
        self.elapsed = TimeSource.system.now() &- self.begun
        self.processorTime = ProcessUsage.processorTime() &- self.processorTimeBefore
    }
}

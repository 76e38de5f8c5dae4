//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Finds out how much a pool can do: jobs come as fast as they are done, and none is lost.
struct ClosedLoop: Sendable {
    /// How long jobs run before anything is measured.
    static let warmUp = Duration.milliseconds(500)

    let spin: CalibratedSpin
    let workers: Int
    /// How long it is measured.
    let time: Duration

    /// Jobs a second.
    ///
    /// - Throws: What sending throws, which is a defect.
    func peak() async throws -> Double {
        let configuration = WorkerPoolConfiguration(name: "peak", workers: self.workers, capacity: 256)
        let pool = WorkerPool<UInt64, UInt64>(configuration) { [spin] in spin.run($0) }
        let end = TimeSource.system.now().advanced(by: Self.warmUp + self.time)
        return try await withTaskExecutorPreference(pool.executor) {
            async let run = pool.run()
            async let sent: Void = Self.send(to: pool, until: end)
            try await TimeSource.system.sleep(for: Self.warmUp)
            var meter = Meter()
            let before = pool.ledger.done
            try await TimeSource.system.sleep(until: end)
            meter.stop()
            let done = pool.ledger.done - before
            try await sent
            _ = await pool.drain()
            _ = try await run
            return Double(max(1, done)) / Double(max(1, meter.elapsed)) * 1e9
        }
    }

    // MARK: - Private

    private static func send(to pool: WorkerPool<UInt64, UInt64>, until end: UInt64) async throws {
        var sender = pool.sender()
        var seed: UInt64 = 0
        while TimeSource.system.now() < end {
            try await sender.send(seed)
            seed += 1
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Runs jobs in one way and says what it took.
package enum Bench {
    /// - Throws: What sending throws, which is a defect: nothing closes a pool before its last job.
    package static func run(_ options: BenchOptions) async throws -> BenchReport {
        switch options.workload {
        case .noop: try await self.run(options, NoWork())
        case .spin1us: try await self.run(options, SpinWork())
        case .json: try await self.run(options, ScanWork(lines: options.lines ?? EventLines()))
        }
    }

    private static func run<Work: BenchWork>(_ options: BenchOptions, _ work: Work) async throws -> BenchReport {
        var meter = Meter()
        let (tally, account): (Tally, PoolAccount?)
        switch options.implementation {
        case .pool, .submit, .poolBatch, .inline:
            (tally, account) = try await PoolWay(options: options, work: work, start: meter.start).run()
        case .direct:
            (tally, account) = (try await DirectWay(options: options, work: work, start: meter.start).run(), nil)
        case .taskPerEvent:
            (tally, account) = (try await TaskWay(options: options, work: work, start: meter.start).run(), nil)
        case .taskGroup:
            (tally, account) = (try await TaskGroupWay(options: options, work: work, start: meter.start).run(), nil)
        case .asyncStream:
            (tally, account) = (try await AsyncStreamWay(options: options, work: work, start: meter.start).run(), nil)
        case .dispatch:
            (tally, account) = (try await DispatchWay(options: options, work: work, start: meter.start).run(), nil)
        }
        meter.stop()
        return BenchReport(options, tally, meter, account: account)
    }
}

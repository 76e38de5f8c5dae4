//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// A task for each job, as many as there are: what one does who has no pool. Nothing holds the producers.
struct TaskWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> Tally {
        let (results, continuation) = AsyncStream.makeStream(of: Work.Output.self)
        async let tally = self.work.read(results, count: self.options.events)
        try await Producer.runAll(self.options, start: self.start, on: nil) { [work] in
            TaskLane(work: work, results: continuation)
        }
        return await tally
    }
}

/// Starts a task for each job.
struct TaskLane<Work: BenchWork>: BenchLane {
    let work: Work
    let results: AsyncStream<Work.Output>.Continuation

    func send(_ burst: Burst) async throws {
        for number in burst.numbers {
            Task { [work, results] in results.yield(work.run(burst.job(number))) }
        }
    }
}

extension BenchWork {
    /// Counts so many results of a stream.
    func read(_ results: AsyncStream<Output>, count: Int) async -> Tally {
        var tally = self.tally()
        for await output in results {
            tally.count(output, now: output.due == 0 ? 0 : TimeSource.system.now())
            if tally.done == count { break }
        }
        return tally
    }
}

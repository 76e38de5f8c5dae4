//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Jobs through an `AsyncStream` that as many tasks iterate as there are workers, results through another.
///
/// Neither has a bound: a bounded one drops what does not fit.
struct AsyncStreamWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> Tally {
        let (jobs, input) = AsyncStream.makeStream(of: BenchJob.self)
        let (results, output) = AsyncStream.makeStream(of: Work.Output.self)
        return try await withThrowingTaskGroup { group in
            for _ in 0..<self.options.workers {
                group.addTask { [work] in
                    for await job in jobs { output.yield(work.run(job)) }
                }
            }
            async let tally = self.work.read(results, count: self.options.events)
            try await Producer.runAll(self.options, start: self.start, on: nil) { StreamLane(jobs: input) }
            input.finish()
            try await group.waitForAll()
            return await tally
        }
    }
}

/// Yields each job to a stream.
struct StreamLane: BenchLane {
    let jobs: AsyncStream<BenchJob>.Continuation

    func send(_ burst: Burst) async throws {
        for number in burst.numbers { self.jobs.yield(burst.job(number)) }
    }
}

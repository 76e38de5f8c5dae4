//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// No queue: as many producers as there are workers, each of which makes the calls itself.
struct DirectWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> Tally {
        let shelf = TallyShelf { [work] in work.tally() }
        var options = self.options
        options.producers = options.workers
        let threads = ThreadExecutor(
            // In an open loop each blocks its thread between bursts.
            threads: options.rate == nil ? min(options.workers, ProcessorCount.available()) : options.workers,
            name: "bench"
        )
        defer { threads.shutdown() }
        try await Producer.runAll(options, start: self.start, on: threads) { [work] in
            DirectLane(work: work, shelf: shelf, tally: shelf.take())
        }
        return shelf.sum()
    }
}

/// Runs each job at once.
struct DirectLane<Work: BenchWork>: BenchLane, ~Copyable {
    let work: Work
    let shelf: TallyShelf
    let tally: SharedTally

    mutating func send(_ burst: Burst) async throws {
        for number in burst.numbers { self.tally.count(self.work.run(burst.job(number))) }
    }

    deinit { self.shelf.put(self.tally) }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// A task group for each producer, with a window of as many children as its share of the workers.
struct TaskGroupWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> Tally {
        let window = max(1, self.options.workers / self.options.producers)
        let shelf = TallyShelf { [work] in work.tally() }
        try await Producer.forEach(self.options, start: self.start, on: nil) { [work] producer in
            let tally = shelf.take()
            await withTaskGroup(of: Work.Output.self) { group in
                var running = 0
                for burst in producer.bursts {
                    for number in burst.numbers {
                        if running == window, let output = await group.next() {
                            tally.count(output)
                            running -= 1
                        }
                        let job = burst.job(number)
                        // Not on the producer's own thread, where it has one.
                        group.addTask(executorPreference: globalConcurrentExecutor) { work.run(job) }
                        running += 1
                    }
                }
                for await output in group { tally.count(output) }
            }
            shelf.put(tally)
        }
        return shelf.sum()
    }
}

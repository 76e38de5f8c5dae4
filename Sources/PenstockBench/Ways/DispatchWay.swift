//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Dispatch
import Penstock

/// Jobs as blocks on a concurrent dispatch queue, at most as many at once as the buffer holds.
///
/// Dispatch chooses how many run at once. Results are kept where they arise, which costs less than any channel.
struct DispatchWay<Work: BenchWork> {
    let options: BenchOptions
    let work: Work
    let start: UInt64

    func run() async throws -> Tally {
        let shelf = TallyShelf { [work] in work.tally() }
        let places = DispatchSemaphore(value: self.options.buffer)
        let queue = DispatchQueue(label: "bench", attributes: .concurrent)
        // Producers block their threads while no place is free.
        let threads = ThreadExecutor(threads: self.options.producers, name: "producer")
        defer { threads.shutdown() }
        try await Producer.runAll(self.options, start: self.start, on: threads) { [work] in
            DispatchLane(work: work, shelf: shelf, queue: queue, places: places)
        }
        await withCheckedContinuation { continuation in
            queue.async(flags: .barrier) { continuation.resume() }
        }
        return shelf.sum()
    }
}

/// Puts each job on a dispatch queue once a place is free.
struct DispatchLane<Work: BenchWork>: BenchLane {
    let work: Work
    let shelf: TallyShelf
    let queue: DispatchQueue
    let places: DispatchSemaphore

    func send(_ burst: Burst) async throws {
        for number in burst.numbers { self.start(burst.job(number)) }
    }

    // MARK: - Private

    /// Blocks while no place is free; only for a thread that may.
    private func start(_ job: BenchJob) {
        self.places.wait()
        self.queue.async { [self] in
            let tally = self.shelf.take()
            tally.count(self.work.run(job))
            self.shelf.put(tally)
            self.places.signal()
        }
    }
}

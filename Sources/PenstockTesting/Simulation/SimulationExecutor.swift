//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Runs tasks one step at a time on the thread that asks for it, and lets a seed choose the next one.
//
// SAFETY: the list of ready tasks is locked; tasks run on one thread, the simulation's.
final class SimulationExecutor: TaskExecutor {
    /// How the next task is chosen. Different ways find different mistakes.
    enum Choice: CaseIterable {
        /// Any ready task, each as likely.
        case uniform
        /// Mostly the one that became ready last.
        case mostlyNewest
        /// Mostly the one that has been ready longest.
        case mostlyOldest
    }

    private let ready = Locked<[UnownedJob]>([])
    private let choice: Choice

    init(choice: Choice) { self.choice = choice }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.ready.withLock { $0.append(job) }
    }

    /// Runs one ready task until it suspends. Returns which one it was, or nil when none is ready.
    func step(_ generator: inout SeededGenerator) -> Int? {
        let random = generator.next()
        let chosen: (job: UnownedJob, index: Int)? = self.ready.withLock { ready in
            guard !ready.isEmpty else { return nil }
            let index = self.index(random, count: ready.count)
            return (ready.remove(at: index), index)
        }
        guard let chosen else { return nil }
        chosen.job.runSynchronously(on: self.asUnownedTaskExecutor())
        return chosen.index
    }

    private func index(_ random: UInt64, count: Int) -> Int {
        let uniform = Int((random >> 8) % UInt64(count))
        let isOdd = random & 7 == 0
        switch self.choice {
        case .uniform: return uniform
        case .mostlyNewest: return isOdd ? uniform : count - 1
        case .mostlyOldest: return isOdd ? uniform : 0
        }
    }
}

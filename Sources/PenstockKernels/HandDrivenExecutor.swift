//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Runs tasks one after another on the thread that asks for it, in the order in which they became ready.
final class HandDrivenExecutor: TaskExecutor {
    private let ready = Locked<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.ready.withLock { $0.append(job) }
    }

    /// Runs tasks until none is ready.
    func runAll() {
        while let job = self.next() { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    private func next() -> UnownedJob? {
        self.ready.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

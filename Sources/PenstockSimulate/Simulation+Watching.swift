//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting

extension Simulation {
    /// Fails the run as the watcher of any pool does; this one's queue may be over its capacity by some jobs that wait for
    /// another attempt.
    func watch(_ pool: WorkerPool<Int, Int>, beside more: Int) {
        self.watch {
            let ledger = pool.ledger
            if !ledger.isBalanced { return "the ledger does not balance: \(ledger)" }
            let stranded = pool.strandedJobs
            if stranded > 0 { return "\(stranded) jobs wait beside an idle worker: a lost wake-up" }
            let most = pool.capacity + more
            return ledger.queued > most ? "\(ledger.queued) jobs are queued, not at most \(most)" : nil
        }
    }
}

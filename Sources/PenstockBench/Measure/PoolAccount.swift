//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What a pool says of a run at its end.
struct PoolAccount {
    let ledger: Ledger
    /// How many threads of the pool's own lived before the drain.
    let threads: Int
    /// How long queued jobs waited for a worker.
    let waits: LatencyHistogram

    init<Job, Output>(_ report: DrainReport<Job, Output>, threads: Int) {
        self.ledger = report.ledger
        self.threads = threads
        self.waits = report.waitTimes
    }
}

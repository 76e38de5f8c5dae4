//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockBench

extension IdleReport {
    /// The line that `penstock bench idle --json` prints.
    var json: String {
        JSONText.object([
            ("workers", "\(self.snapshot.workers)"),
            ("idle_workers", "\(self.snapshot.idleWorkers)"),
            ("threads", "\(self.snapshot.threads)"),
            ("elapsed_s", JSONText.number(Double(self.elapsed) / 1e9, places: 4)),
            ("cpu_ms", JSONText.number(Double(self.processorTime) / 1e6, places: 3)),
        ])
    }

    /// For people.
    var text: String {
        """
        shape     \(self.snapshot.workers) workers, \(self.snapshot.idleWorkers) of them parked
        threads   \(self.snapshot.threads)
        time      \(shown(nanoseconds: self.elapsed)) without jobs
        cpu       \(shown(nanoseconds: self.processorTime)), at most \(shown(nanoseconds: Self.processorTimeMax))

        """
    }
}

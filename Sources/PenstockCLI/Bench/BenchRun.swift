//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// One run of `penstock bench pool`, for a process of its own.
struct BenchRun: CustomStringConvertible {
    var options: BenchOptions
    /// The file with the events of the json jobs; nil for generated ones.
    var linesPath: String?

    /// What follows the program's name.
    var arguments: [String] {
        let options = self.options
        var words = [
            "bench", "pool", "--json", "--waits",
            "--impl", options.implementation.rawValue,
            "--workload", options.workload.rawValue,
            "--producers", "\(options.producers)",
            "--workers", "\(options.workers)",
            "--buffer", "\(options.buffer)",
            "--batch", "\(options.batch)",
            "--events", "\(options.events)",
        ]
        if let rate = options.rate { words += ["--rate", "\(rate)"] }
        // One word: a path may begin with a dash.
        if let linesPath { words.append("--lines=\(linesPath)") }
        return words
    }

    var description: String {
        let options = self.options
        let name = options.implementation.rawValue
        let shape = "workers \(options.workers), buffer \(grouped(options.buffer)), batch \(options.batch)"
        return options.implementation == .pool ? "the run with \(shape)" : "the run of \(name)"
    }
}

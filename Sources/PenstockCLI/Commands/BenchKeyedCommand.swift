//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import PenstockBench

/// `penstock bench keyed`: looks whether one slow key holds up others.
struct BenchKeyedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyed",
        abstract: "Let the jobs of one key be slow, and look whether those of 999 others notice.",
        discussion: """
            Jobs take 50 µs, those of the slow key 1,000 times as long: they wait, as for a slow server. The same jobs come at \
            the same times without a slow key and with it, in a pool with the discipline `keyed`, which is resized ten times \
            each time.

            Exit code 0 only if the P99 of the other keys is at most 1.5 times that without a slow key, no two jobs of a \
            key ran at once, each key kept its order, and no job was lost.
            """
    )

    @Option(help: ArgumentHelp("How long each run lasts.", valueName: "s"))
    var seconds = 3.0

    @Flag(help: "Print one JSON line.")
    var json = false

    func validate() throws {
        try BenchLimit.checkSeconds(self.seconds)
    }

    func run() async throws {
        let bench = KeyedBench(time: .seconds(self.seconds))
        let report = try await BenchSession.run { _, progress in
            try await bench.run { progress.show("keyed  \($0)") }
        }
        try self.show(self.json ? report.json + "\n" : report.text)
        try BenchSession.check(report.reasons)
    }
}

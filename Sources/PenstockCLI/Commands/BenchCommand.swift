//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// `penstock bench`: measures on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure worker pools on this machine.",
        discussion: "Run it on a machine that does nothing else: other work shows in the figures.",
        subcommands: [
            BenchPoolCommand.self, BenchTuneCommand.self, BenchBeforeAfterCommand.self, BenchIdleCommand.self,
            BenchOverloadCommand.self, BenchFairnessCommand.self, BenchKeyedCommand.self, BenchLeasesCommand.self,
            BenchDisciplinesCommand.self, BenchMetricsCommand.self,
        ]
    )
}

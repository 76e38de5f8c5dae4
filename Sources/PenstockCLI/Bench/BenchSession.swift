//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser

/// What longer benchmarks have in common: progress, Ctrl-C, and how they fail.
enum BenchSession {
    /// Runs a benchmark; one that fails says so and ends the command with exit code 1.
    static func run<Value>(
        _ body: (BenchChildren, BenchProgress) async throws -> Value
    ) async throws -> Value {
        let (children, progress) = (BenchChildren(), BenchProgress())
        let watch = InterruptWatch(children, progress)
        do {
            let value = try await body(children, progress)
            watch.stop()
            progress.erase()
            return value
        } catch {
            watch.stop()
            progress.erase()
            Output.error("penstock: error: \(error)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }

    /// Ends the command with exit code 1 if there are reasons, and says each.
    static func check(_ reasons: [String]) throws {
        guard !reasons.isEmpty else { return }
        Output.error(reasons.map { "penstock: error: \($0)\n" }.joined())
        throw ExitCode(ProgramExit.failure)
    }
}

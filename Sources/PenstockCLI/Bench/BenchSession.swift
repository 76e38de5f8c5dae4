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

/// What benchmarks have in common whose runs are processes of their own: progress, Ctrl-C, and how they fail.
enum BenchSession {
    /// Runs a benchmark; one that fails says so and ends the command with exit code 1.
    static func run<Value>(
        _ body: (BenchChildren, BenchProgress) async throws(BenchProblem) -> Value
    ) async throws -> Value {
        let (children, progress) = (BenchChildren(), BenchProgress())
        let watch = InterruptWatch(children, progress)
        do throws(BenchProblem) {
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
}

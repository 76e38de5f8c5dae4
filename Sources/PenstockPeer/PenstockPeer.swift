//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A program of the pool and nothing else, as the peers in other languages are of theirs: what `Benchmarks/side-by-side`
/// measures. It does what `penstock bench pool --json` does.
@main
enum PenstockPeer {
    static func main() async {
        do {
            let report = try await Bench.run(PeerOptions.read(CommandLine.arguments.dropFirst()))
            print(report.json())
            if let problem = report.problem { self.fail(problem, code: 1) }
        } catch let problem as PeerOptions.Problem {
            self.fail(problem.description, code: 64)
        } catch {
            self.fail("\(error)", code: 1)
        }
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        let text = "error: \(message)\n"
        write(STDERR_FILENO, text, text.utf8.count)
        exit(code)
    }
}

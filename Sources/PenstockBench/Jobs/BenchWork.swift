//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a worker does with a job.
protocol BenchWork: Sendable {
    associatedtype Output: BenchOutput
    func run(_ job: BenchJob) -> Output
    /// A tally that can count what ``run(_:)`` gives.
    func tally() -> Tally
}

/// What comes of a job.
protocol BenchOutput: Sendable {
    /// The job's ``BenchJob/due``.
    var due: UInt64 { get }
    func count(in tally: inout Tally)
}

/// A number, which the tally adds up.
struct NumberOutput: BenchOutput {
    let due: UInt64
    let number: UInt64

    @inline(__always)
    func count(in tally: inout Tally) { tally.sum &+= self.number }
}

/// Gives the job's number: all that is measured is the way to the worker and back.
struct NoWork: BenchWork {
    @inline(__always)
    func run(_ job: BenchJob) -> NumberOutput {
        NumberOutput(due: job.due, number: UInt64(truncatingIfNeeded: job.number))
    }

    func tally() -> Tally { Tally() }
}

/// Takes about a microsecond: each of its 720 steps needs the one before, in every language alike.
struct SpinWork: BenchWork {
    @inline(__always)
    func run(_ job: BenchJob) -> NumberOutput {
        NumberOutput(due: job.due, number: Self.spin(UInt64(truncatingIfNeeded: job.number) &+ 1))
    }

    func tally() -> Tally { Tally() }

    /// Not inlined: the same instructions whoever calls it, or a loop that happens to be aligned otherwise takes 2 % longer.
    @inline(never)
    private static func spin(_ start: UInt64) -> UInt64 {
        var mixed = start
        for _ in 0..<720 {
            mixed ^= mixed >> 33
            mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
        }
        return mixed
    }
}

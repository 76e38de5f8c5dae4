//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One piece of the hot path, which is run by itself and many times, so that its instructions and allocations can be
/// counted.
///
/// What it does follows from the number of operations alone, to the last instruction: no threads, no clock of the
/// machine's, no chance.
struct Kernel: Sendable {
    let name: String
    /// What one operation is.
    let operation: String
    /// Does so many operations on the executor, and returns a number that follows from all they have done: without it
    /// the optimiser would find that nobody wants them.
    let run: @Sendable (Int, HandDrivenExecutor) async throws -> UInt64

    /// All there are.
    static let all: [Kernel] = [
        .channelSendReceive, .channelBatch,
        .poolSubmit, .poolSend, .poolBatch, .poolResults, .ledgerPublish,
        .poolPriority, .poolKeyed, .poolCall,
        .scanEvent, .histogramRecord,
    ]
}

/// What goes through channels and pools here: a value of 16 bytes.
struct KernelJob: Sendable {
    let number: UInt64
    let other: UInt64

    init(_ number: Int) {
        self.number = UInt64(truncatingIfNeeded: number)
        self.other = ~self.number
    }

    var sum: UInt64 { self.number &- self.other }

    /// The sum of the first jobs.
    static func sum(of count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 &+ KernelJob($1).sum }
    }
}

/// A kernel that did something else than it was to do: its counts mean nothing.
struct KernelFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// SAFETY: `results` has `count` initialised slots of `capacity`.
/// What became of each job of a batch, in the jobs' order.
///
/// A batch handler appends one outcome for each job. Jobs without one when it returns have failed, with the code
/// `missingOutcome`; when it throws, all jobs of the batch have failed with that error.
public struct BatchOutcomes<Output: Sendable>: ~Copyable {
    @usableFromInline let results: UnsafeMutablePointer<Result<Output, any Error>>
    @usableFromInline let capacityMax: Int
    /// How many outcomes may be given: as many as there are jobs.
    @usableFromInline var capacity = 0
    @usableFromInline var given = 0
    @usableFromInline var failures = 0

    @usableFromInline
    init(capacityMax: Int) {
        self.capacityMax = capacityMax
        self.results = .allocate(capacity: capacityMax)
    }

    deinit {
        self.results.deinitialize(count: self.given)
        self.results.deallocate()
    }

    /// How many outcomes were given.
    @inlinable public var count: Int { self.given }

    /// Says that the next job is done.
    @inlinable
    @inline(__always)
    public mutating func append(_ output: Output) {
        precondition(self.given < self.capacity, "A batch handler gives one outcome for each job, not more.")
        (self.results + self.given).initialize(to: .success(output))
        self.given &+= 1
    }

    /// Says that the next job has failed.
    @inlinable
    public mutating func append(failure error: any Error) {
        precondition(self.given < self.capacity, "A batch handler gives one outcome for each job, not more.")
        (self.results + self.given).initialize(to: .failure(error))
        self.given &+= 1
        self.failures &+= 1
    }

    /// Makes room for the outcomes of a batch.
    @inlinable
    mutating func begin(_ capacity: Int) {
        self.removeAll()
        self.capacity = capacity
    }

    @inlinable
    mutating func removeAll() {
        // Outputs that hold nothing need no visit: the runtime would be asked for each what a result is.
        if self.failures > 0 || !_isPOD(Output.self) { self.results.deinitialize(count: self.given) }
        self.forget()
    }

    /// Forgets outcomes that were moved elsewhere.
    @inlinable
    mutating func forget() {
        self.given = 0
        self.failures = 0
    }
}

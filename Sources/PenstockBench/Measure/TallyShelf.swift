//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Tallies for whoever runs jobs: each takes one, counts in it, and puts it back.
///
/// There are as many as were ever in use at once.
final class TallyShelf: Sendable {
    private let tallies = Locked<(free: [SharedTally], all: [SharedTally])>(([], []))
    private let make: @Sendable () -> Tally

    init(make: @escaping @Sendable () -> Tally) { self.make = make }

    func take() -> SharedTally {
        self.tallies.withLock { tallies in
            if let tally = tallies.free.popLast() { return tally }
            let tally = SharedTally(self.make())
            tallies.all.append(tally)
            return tally
        }
    }

    func put(_ tally: SharedTally) { self.tallies.withLock { $0.free.append(tally) } }

    /// All that was counted; nobody may count any more.
    func sum() -> Tally {
        self.tallies.withLock { tallies in
            var sum = self.make()
            for tally in tallies.all { sum.merge(tally.tally.pointee) }
            return sum
        }
    }
}

/// A tally that one thread after another counts in.
//
// SAFETY: only who has taken it from the shelf touches it, and the shelf's lock orders one after the other.
final class SharedTally: @unchecked Sendable {
    fileprivate let tally: UnsafeMutablePointer<Tally>

    init(_ tally: Tally) {
        self.tally = .allocate(capacity: 1)
        self.tally.initialize(to: tally)
    }

    deinit {
        self.tally.deinitialize(count: 1)
        self.tally.deallocate()
    }

    /// Counts what came of a job, at the job's end.
    @inline(__always)
    func count(_ output: some BenchOutput) {
        self.tally.pointee.count(output, now: output.due == 0 ? 0 : TimeSource.system.now())
    }
}

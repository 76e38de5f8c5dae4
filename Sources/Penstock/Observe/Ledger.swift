//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What became of everything that was ever offered.
///
/// Two equations hold in every snapshot:
///
///     offered  = accepted + rejected + waiting
///     accepted = queued + inFlight + done + failed + cancelled + expired + shed + returned + abandoned
///
/// The terms are counted in different places (by who submits, by the queue, by the workers) and none is worked out
/// from the others, so that the equations can fail when the code is wrong. Rejected and shed jobs are counted by reason
/// as well, and the reasons must add up to them. All counts are of jobs; for jobs with a
/// size, the sum of their ``JobSize/count``.
public struct Ledger: Sendable, Equatable {
    /// Given to a submitting call; jobs of a bulk call one after another, as their turn comes.
    public var offered = 0
    /// Taken into the queue.
    public var accepted = 0
    /// Not accepted: the queue was full, closed, the caller cancelled or timed out.
    public var rejected = 0
    /// The same, by reason; counted apart.
    public var rejections = RejectionCounts()
    /// In the hands of calls that wait for a place.
    public var waiting = 0
    /// Accepted, and not taken by a worker yet.
    public var queued = 0
    /// Taken by a worker, and not ended.
    public var inFlight = 0
    /// The handler returned.
    public var done = 0
    /// The handler threw.
    public var failed = 0
    /// The handler threw `CancellationError` after its task was cancelled.
    public var cancelled = 0
    /// Not run, because its deadline had passed.
    public var expired = 0
    /// Accepted, and dropped before it began, by an overflow policy or load shedding.
    public var shed = 0
    /// The same, by reason; counted apart.
    public var sheds = ShedCounts()
    /// Handed back unstarted by a drain.
    public var returned = 0
    /// Still running when a drain had to end.
    public var abandoned = 0

    /// Creates a ledger of zeros.
    public init() {}

    /// Accepted jobs whose end is known.
    public var ended: Int {
        self.done + self.failed + self.cancelled + self.expired + self.shed + self.returned + self.abandoned
    }

    /// Whether both equations hold, and the reasons add up.
    public var isBalanced: Bool {
        self.offered == self.accepted + self.rejected + self.waiting
            && self.accepted == self.queued + self.inFlight + self.ended
            && self.rejected == self.rejections.total && self.shed == self.sheds.total
    }
}

extension Ledger: CustomStringConvertible {
    /// Both equations with their numbers; terms that are 0 and rare are left out.
    public var description: String {
        let rare = [
            ("cancelled", self.cancelled), ("expired", self.expired), ("shed", self.shed),
            ("returned", self.returned), ("abandoned", self.abandoned),
        ]
        let tail = rare.filter { $0.1 != 0 }.map { " + \($0.0) \($0.1)" }.joined()
        return """
            offered \(self.offered) = accepted \(self.accepted) + rejected \(self.rejected) + waiting \(self.waiting); \
            accepted \(self.accepted) = queued \(self.queued) + in flight \(self.inFlight) + done \(self.done) \
            + failed \(self.failed)\(tail); \(self.isBalanced ? "balanced" : "NOT BALANCED")
            """
    }
}

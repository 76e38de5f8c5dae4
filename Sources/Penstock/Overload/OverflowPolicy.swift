//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What becomes of a job that comes when the queue is full, and of those that are queued.
///
/// Each job that is offered has an end that is counted, whatever the policy. See <doc:TheLedger>.
public struct OverflowPolicy: Sendable, Hashable {
    @usableFromInline
    enum Kind: Sendable { case wait, reject, dropNewest, dropOldest, dropLowest, callerRuns }
    @usableFromInline let kind: Kind

    /// Its producer waits for a place, in the order in which producers came.
    ///
    /// The default: nothing is lost, and who produces too much is slowed down. The job counts as waiting, then as
    /// accepted; as rejected if the wait is cancelled, runs out of time or ends with the pool.
    public static let wait = OverflowPolicy(kind: .wait)
    /// It is refused: its producer gets an error with the code `full` at once.
    ///
    /// For producers that have something better to do than to wait. The job counts as rejected, those that are queued stay.
    public static let reject = OverflowPolicy(kind: .reject)
    /// It is shed, and its producer does not notice.
    ///
    /// For jobs of which the first are as good as the last, such as samples. The job counts as accepted and as shed, those
    /// that are queued stay.
    public static let dropNewest = OverflowPolicy(kind: .dropNewest)
    /// The job that has been queued longest is shed, and the new one takes its place.
    ///
    /// For jobs that lose their worth with time, such as readings of which only the latest counts. The new job counts as
    /// accepted; the one shed was accepted, and counts as shed now.
    public static let dropOldest = OverflowPolicy(kind: .dropOldest)
    /// The job that the discipline wants least is shed, and the new one takes its place; the new one itself, if it is wanted
    /// no more than that.
    ///
    /// A discipline names the job by ``SchedulingDiscipline/leastWanted(oldest:)``. Where it names none this is ``dropOldest``. The
    /// new job counts as accepted in either case; the one shed counts as shed.
    public static let dropLowest = OverflowPolicy(kind: .dropLowest)
    /// The task that submits it runs it itself, before its call returns.
    ///
    /// Slows producers down as ``wait`` does, and makes them useful meanwhile. The job is accepted and counts as in flight,
    /// then by its outcome; it overtakes those that are queued. For first in, first out only: other disciplines promise
    /// orders that a job which never was queued would break.
    public static let callerRuns = OverflowPolicy(kind: .callerRuns)
}

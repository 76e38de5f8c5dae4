//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a pool knows of a job beside the job itself, where it has to know more than that it is there.
@usableFromInline
struct JobTag {
    /// When it came, in nanoseconds.
    @usableFromInline var arrival: UInt64
    /// After when it must not begin; `.max` for never.
    @usableFromInline var expires = UInt64.max
    /// Who waits for its outcome. Retained once: whoever ends the job releases it.
    @usableFromInline var handle: Unmanaged<JobHandle>?
    /// Its attempts, and in the highest bit whether it is silent: with that bit apart, each tag would be larger by a quarter.
    @usableFromInline var marks: UInt32 = 0
    /// Which place its result has in the order of results; -1 for none.
    @usableFromInline var place: Int32 = -1

    @inlinable
    init(arrival: UInt64) { self.arrival = arrival }

    /// How often it has been begun.
    @inlinable var attempts: UInt32 {
        get { self.marks & 0x7FFF_FFFF }
        set { self.marks = self.marks & 0x8000_0000 | newValue & 0x7FFF_FFFF }
    }

    /// Whether it has ended without a result for the pool's results.
    @inlinable var isSilent: Bool {
        get { self.marks >> 31 != 0 }
        set { self.marks = self.marks & 0x7FFF_FFFF | (newValue ? 0x8000_0000 : 0) }
    }

    /// Whether the job needs a place in the order of results before it may be taken.
    @inlinable var needsPlace: Bool { self.place < 0 && self.handle == nil }

    /// Whether a worker has more to do about the job than to run it.
    @inlinable var needsCare: Bool { self.needsMoreThanTime || self.expires != .max }

    /// Whether a worker has more to do about the job than to run it if its time has not passed.
    @inlinable var needsMoreThanTime: Bool { self.handle != nil || self.attempts > 0 || self.place >= 0 }
}

/// Why an accepted job was ended without having begun.
public struct DropReason: Sendable, Hashable, CustomStringConvertible {
    @usableFromInline
    enum Kind: Sendable { case newest, oldest, lowest, overload, expired, cancelled }
    @usableFromInline let kind: Kind

    @usableFromInline
    init(_ kind: Kind) { self.kind = kind }

    /// It came to a full queue: ``OverflowPolicy/dropNewest``.
    public static let newest = DropReason(.newest)
    /// It was the oldest of a full queue: ``OverflowPolicy/dropOldest``.
    public static let oldest = DropReason(.oldest)
    /// It was the least wanted of a full queue: ``OverflowPolicy/dropLowest``.
    public static let lowest = DropReason(.lowest)
    /// It had waited too long in an overloaded pool: ``LoadShedding``.
    public static let overload = DropReason(.overload)
    /// Its deadline, or the longest time in the queue, had passed.
    public static let expired = DropReason(.expired)
    /// The caller that waited for its outcome was cancelled.
    public static let cancelled = DropReason(.cancelled)

    /// The reason in a word.
    public var description: String {
        switch self.kind {
        case .newest: "newest"
        case .oldest: "oldest"
        case .lowest: "lowest"
        case .overload: "overload"
        case .expired: "expired"
        case .cancelled: "cancelled"
        }
    }
}

/// An accepted job that has ended without having begun; who waits for it is told once the lock is given back.
@usableFromInline
struct DroppedJob<Job> {
    @usableFromInline let job: Job
    @usableFromInline let handle: Unmanaged<JobHandle>?
    @usableFromInline let reason: DropReason

    @inlinable
    init(job: Job, handle: Unmanaged<JobHandle>?, reason: DropReason) {
        self.job = job
        self.handle = handle
        self.reason = reason
    }
}

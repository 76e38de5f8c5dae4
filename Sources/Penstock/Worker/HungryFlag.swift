//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// Tells senders, without the queue's lock, that a parked worker waits for jobs.
///
/// It is written under the queue's lock, and set before the stages are looked at. A sender stages and reads the flag
/// afterwards. All four steps are sequentially consistent: either its job was seen, or it sees the flag.
//
// SAFETY: an atomic on a cache line of its own.
@usableFromInline
struct HungryFlag: @unchecked Sendable {
    @usableFromInline let flag = allocatePadded(false)

    @usableFromInline
    init() {}

    @usableFromInline
    func destroy() { UnsafeMutableRawPointer(self.flag).deallocate() }

    @inlinable
    @inline(__always)
    var isSet: Bool { self.flag.pointee.load(ordering: .sequentiallyConsistent) }

    @inlinable
    func set(_ value: Bool) { self.flag.pointee.store(value, ordering: .sequentiallyConsistent) }
}

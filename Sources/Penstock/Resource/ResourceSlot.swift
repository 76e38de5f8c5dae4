//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is known of a resource for as long as it is in being.
struct ResourceLife: Sendable {
    /// Its number, which no other ever has.
    let serial: UInt64
    /// When it is to be retired.
    let expiresAt: UInt64
    /// When it was last seen to work.
    var provenAt: UInt64
}

/// One of the places for a resource, of which there are `maximum`.
enum ResourceSlot: Sendable {
    /// Nothing is there. Can transition to: `creating`.
    case free
    /// A creation is in progress. Can transition to: `idle`, `leased`, `destroying` (a drain has begun), `free` (it
    /// failed, or takes too long).
    case creating(serial: UInt64, since: UInt64)
    /// A resource waits for a lease. Can transition to: `leased`, `checking`, `destroying`.
    case idle(ResourceLife, since: UInt64)
    /// A check is in progress. Can transition to: `idle`, `leased`, `destroying`, `free` (it takes too long).
    case checking(ResourceLife, since: UInt64)
    /// Somebody has it. Can transition to: `idle`, `leased` (by the longest waiter), `checking`, `destroying`.
    case leased(ResourceLife, place: LeasePlace, since: UInt64, isReported: Bool)
    /// A destruction is in progress. Can transition to: `free`.
    case destroying(serial: UInt64, since: UInt64)
}

/// A closure whose slot was given back, and which has not ended although it was cancelled.
enum ResourceStray: Sendable {
    /// A creation. Can transition to: `destroying` (it succeeded late), ended.
    case creating(since: UInt64)
    /// A check. Can transition to: `destroying`.
    case checking(since: UInt64)
    /// A destruction. Can transition to: ended.
    case destroying(since: UInt64)

    /// The closure, for people.
    func abandoned(now: UInt64) -> AbandonedClosure {
        switch self {
        case .creating(let since): AbandonedClosure(kind: .creation, elapsed: .nanoseconds(since: since, now: now))
        case .checking(let since): AbandonedClosure(kind: .check, elapsed: .nanoseconds(since: since, now: now))
        case .destroying(let since):
            AbandonedClosure(kind: .destruction, elapsed: .nanoseconds(since: since, now: now))
        }
    }
}

extension Duration {
    /// From one instant to another, at least zero.
    static func nanoseconds(since instant: UInt64, now: UInt64) -> Duration {
        .nanoseconds(Int64(clamping: now.since(instant)))
    }
}

/// A closure that is to be called for a slot.
struct ResourceOrder: Sendable, Equatable {
    enum Kind: Sendable, Equatable { case create, check, destroy }
    let kind: Kind
    let slot: Int
    let serial: UInt64
}

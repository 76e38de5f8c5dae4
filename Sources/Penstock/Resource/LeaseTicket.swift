//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a lease ends.
@usableFromInline
enum LeaseFate: Sendable {
    /// The resource works.
    case kept
    /// An error left the body: the resource is checked before anybody else gets it.
    case suspect
    /// The resource is to be destroyed.
    case broken
}

/// What a waiting lease brings, and what it is given.
@usableFromInline
enum LeaseTicket {
    /// It waits since an instant, for a call at a place.
    case asked(LeasePlace, since: UInt64)
    /// It has the resource in this slot.
    case granted(slot: Int)
    /// Its time has passed; the error of the last creation, while creations fail.
    case timedOut((any Error)?)
    /// No resource can be made.
    case failed(any Error)
    /// Too many wait already.
    case full
}

/// Where a lease was taken.
@usableFromInline
struct LeasePlace: Sendable {
    @usableFromInline let file: StaticString
    @usableFromInline let line: Int

    @inlinable
    init(file: StaticString, line: Int) {
        self.file = file
        self.line = line
    }

    var location: PenstockError.Location { PenstockError.Location(file: "\(self.file)", line: self.line) }
}

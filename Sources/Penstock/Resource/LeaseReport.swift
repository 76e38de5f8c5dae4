//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A lease that has not ended, and where it was taken.
public struct LeaseReport: Sendable, Hashable, CustomStringConvertible {
    /// The call that took it.
    public let place: PenstockError.Location
    /// How long it has lasted.
    public let age: Duration

    /// The place and the age.
    public var description: String { "leased at \(self.place) for \(self.age)" }
}

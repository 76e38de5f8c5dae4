//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A task that Penstock has started and that has not ended, and where it was started.
public struct LiveTask: Sendable, Hashable, CustomStringConvertible {
    /// What it does, as `pool/worker-2`.
    public let name: String
    /// Where in Penstock's source it was started.
    public let place: PenstockError.Location
    /// How long ago.
    public let age: Duration

    /// The name, the place and the age.
    public var description: String { "\(self.name), started at \(self.place) \(self.age) ago" }
}

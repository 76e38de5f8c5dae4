//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the drain of a resource pool leaves.
public struct ResourceDrainReport: Sendable {
    /// The pool when it ended: nothing is idle, nobody waits.
    public let snapshot: ResourcePoolSnapshot
    /// Leases that had not come back. What they hold is destroyed when they do.
    public let leases: [LeaseReport]
    /// Closures that had not ended although they were cancelled. What they bring late is destroyed.
    public let abandoned: [AbandonedClosure]
}

/// A closure of a resource pool that ran past every limit.
public struct AbandonedClosure: Sendable, Hashable, CustomStringConvertible {
    /// What the closure was called for.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The kind, as one word.
        public let description: String

        /// To create a resource.
        public static let creation = Kind(description: "creation")
        /// To check a resource.
        public static let check = Kind(description: "check")
        /// To destroy a resource.
        public static let destruction = Kind(description: "destruction")
    }

    /// What it was called for.
    public let kind: Kind
    /// How long it has run.
    public let elapsed: Duration

    /// The kind and the time.
    public var description: String { "a \(self.kind) has run for \(self.elapsed)" }
}

extension ResourceDrainReport: CustomStringConvertible {
    /// The snapshot, then every lease and closure that has not ended; long lists are cut.
    public var description: String {
        var lines = ["\(self.snapshot)"]
        let shown = 5
        for lease in self.leases.prefix(shown) { lines.append("  not returned: \(lease)") }
        if self.leases.count > shown { lines.append("  not returned: …") }
        for closure in self.abandoned.prefix(shown) { lines.append("  abandoned: \(closure)") }
        if self.abandoned.count > shown { lines.append("  abandoned: …") }
        return lines.joined(separator: "\n")
    }
}

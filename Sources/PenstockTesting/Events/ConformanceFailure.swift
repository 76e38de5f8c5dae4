//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a sink or a source does not hold to.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    /// Each promise that was broken, and how.
    public let faults: [String]

    /// The faults, one a line.
    public var description: String { self.faults.joined(separator: "\n") }
}

/// Collects faults, to tell all of them at once.
struct ConformanceFaults {
    private var faults: [String] = []

    /// Notes a fault unless something is so.
    mutating func expect(_ isSo: Bool, _ fault: @autoclosure () -> String) {
        if !isSo { self.faults.append(fault()) }
    }

    /// Throws when there are faults.
    func check() throws {
        if !self.faults.isEmpty { throw ConformanceFailure(faults: self.faults) }
    }
}

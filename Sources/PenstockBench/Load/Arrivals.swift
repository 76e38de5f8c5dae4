//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// When jobs of an open loop arrive, and whose they are.
protocol Arrivals {
    /// When the next job arrives, in nanoseconds.
    var next: UInt64 { get }
    /// Whose it is.
    var lane: Int { get }
    /// Goes on to the job after the next one.
    mutating func advance()
}

/// Arrivals of two schedules; the lanes of the second follow those of the first.
struct MergedArrivals: Arrivals {
    private var first: ArrivalSchedule
    private var second: ArrivalSchedule

    init(_ first: ArrivalSchedule, _ second: ArrivalSchedule) {
        self.first = first
        self.second = second
    }

    var next: UInt64 { min(self.first.next, self.second.next) }

    var lane: Int { self.isFirst ? self.first.lane : self.first.lanes + self.second.lane }

    mutating func advance() {
        if self.isFirst { self.first.advance() } else { self.second.advance() }
    }

    private var isFirst: Bool { self.first.next <= self.second.next }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Divides an event loop's time between compressed bodies and everything else.
///
/// A few bytes of a compressed body may become a thousand times as many, and what inflates them holds up all connections of
/// the loop. So all compressed bodies of a server together inflate a turn's worth of bytes; then they wait, and begin the
/// next turn in the order in which they came to wait. Between two turns the loop sees to everyone else.
struct InflationTurns<Body: AnyObject> {
    /// How many bytes a turn gives, beside what the last piece brings: some 100 us of work.
    static var turnBytes: Int { 32 << 10 }

    private var left = Self.turnBytes
    private var waiting: [Body] = []
    /// Whether the next turn has been asked for, or has begun.
    private var isComing = false

    /// Whether another piece may be inflated in this turn.
    var mayGoOn: Bool { self.left > 0 }

    /// A body waits for the next turn.
    mutating func wait(_ body: Body) { self.waiting.append(body) }

    /// A body does not wait any more.
    mutating func remove(_ body: Body) { self.waiting.removeAll { $0 === body } }

    /// Bytes have been inflated.
    ///
    /// - Returns: Whether the next turn is to be begun after a pause: nobody has asked for it yet.
    mutating func spend(_ bytes: Int) -> Bool {
        self.left -= bytes
        defer { self.isComing = true }
        return !self.isComing
    }

    /// Begins the next turn.
    mutating func begin() { self.left = Self.turnBytes }

    /// Ends it.
    ///
    /// - Returns: Whether another one is to be begun after a pause.
    mutating func end() -> Bool {
        self.isComing = self.left < Self.turnBytes
        return self.isComing
    }

    /// Who goes on next in this turn; nil when nobody does.
    mutating func next() -> Body? {
        guard self.mayGoOn, !self.waiting.isEmpty else { return nil }
        return self.waiting.removeFirst()
    }
}

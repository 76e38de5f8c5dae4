//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One value a ticket, or a lane: an array that grows with the highest number that comes.
///
/// A large capacity costs nothing before it is used, and once warm nothing is allocated.
///
/// Its values' type must not be nested in a discipline: there it would depend on the type of the jobs, and each access would
/// go through metadata, which was measured at five times the time.
struct TicketTable<Value: Sendable>: Sendable {
    private static var countMin: Int { 64 }

    private var values: [Value] = []
    private let blank: Value
    private var capacity = 0

    /// - Parameter blank: What a number has that has not come yet.
    init(blank: Value) { self.blank = blank }

    /// How many values there is memory for.
    var count: Int { self.values.count }

    /// Prepares for numbers below `capacity`, without allocating. Higher ones may come, and cost an allocation now and then.
    mutating func prepare(capacity: Int) { self.capacity = capacity }

    /// Sees to it that a number has a value.
    @inline(__always)
    mutating func cover(_ index: Int32) {
        if Int(index) >= self.values.count { self.grow(toCover: Int(index)) }
    }

    @inline(__always)
    subscript(index: Int32) -> Value {
        get { self.values[Int(index)] }
        _modify { yield &self.values[Int(index)] }
    }

    // MARK: - Private

    @inline(never)
    private mutating func grow(toCover index: Int) {
        let doubled = min(max(self.values.count * 2, Self.countMin), self.capacity)
        let count = max(doubled, index + 1)
        self.values.reserveCapacity(count)
        self.values.append(contentsOf: repeatElement(self.blank, count: count - self.values.count))
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One value a ticket, or a lane, in memory that is reserved for all of them at once: the system gives it as it is touched, so
/// that a large capacity costs nothing before it is used, and nothing is allocated later.
///
/// Its values' type must not be nested in a discipline: there it would depend on the type of the jobs, and each access would
/// go through metadata, which was measured at five times the time.
//
// SAFETY: who reads a value has written it before; it is plain, and needs no end. Owned by one pool's discipline, under the
// queue's lock.
@usableFromInline
struct TicketTable<Value: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    @inlinable static var countMin: Int { 64 }

    @usableFromInline var values: UnsafeMutablePointer<Value>
    /// How many values there is memory for.
    @usableFromInline var count = 0

    @inlinable
    init() { self.values = .allocate(capacity: 0) }

    @inlinable
    deinit { self.values.deallocate() }

    /// Reserves memory for numbers below `capacity`. Called before anything else.
    @inlinable
    mutating func prepare(capacity: Int) { self.reserve(capacity) }

    /// Sees to it that there is memory for a number that may be higher than was prepared for.
    @inlinable
    @inline(__always)
    mutating func cover(_ index: Int32) {
        if Int(index) >= self.count { self.reserve(max(self.count * 2, Int(index) + 1, Self.countMin)) }
    }

    @inlinable
    @inline(__always)
    subscript(index: Int32) -> Value {
        get {
            assert(index >= 0 && index < self.count, "There is no memory for number \(index).")
            return self.values[Int(index)]
        }
        nonmutating _modify {
            assert(index >= 0 && index < self.count, "There is no memory for number \(index).")
            yield &self.values[Int(index)]
        }
    }

    // MARK: - Private

    @usableFromInline
    @inline(never)
    mutating func reserve(_ count: Int) {
        guard count > self.count else { return }
        let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
        UnsafeMutableRawPointer(values).copyMemory(
            from: self.values,
            byteCount: self.count * MemoryLayout<Value>.stride
        )
        self.values.deallocate()
        (self.values, self.count) = (values, count)
    }
}

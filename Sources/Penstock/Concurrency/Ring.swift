//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A first-in, first-out buffer of fixed capacity over one allocation.
///
/// Not locked: its owner is.
//
// SAFETY: exactly the `count` slots from `head` on, modulo `capacity`, are initialised.
@usableFromInline
package struct Ring<Element>: ~Copyable {
    @usableFromInline var slots: UnsafeMutablePointer<Element>
    @usableFromInline package private(set) var capacity: Int
    @usableFromInline var head = 0
    @usableFromInline package var count = 0

    @inlinable
    package init(capacity: Int) {
        self.capacity = capacity
        self.slots = .allocate(capacity: capacity)
    }

    deinit {
        let first = min(self.count, self.capacity - self.head)
        (self.slots + self.head).deinitialize(count: first)
        self.slots.deinitialize(count: self.count - first)
        self.slots.deallocate()
    }

    @inlinable package var isEmpty: Bool { self.count == 0 }
    @inlinable package var isFull: Bool { self.count == self.capacity }

    /// The oldest element; there must be one.
    @inlinable package var first: Element { self.slots[self.head] }

    @inlinable
    @inline(__always)
    func slot(_ offset: Int) -> Int {
        let index = self.head &+ offset
        return index >= self.capacity ? index &- self.capacity : index
    }

    /// Adds an element at the end; there must be a place.
    @inlinable
    @inline(__always)
    package mutating func append(_ element: consuming Element) {
        assert(self.count < self.capacity)
        (self.slots + self.slot(self.count)).initialize(to: element)
        self.count &+= 1
    }

    /// Copies `count` elements to the end; there must be places.
    @inlinable
    package mutating func append(copying source: UnsafePointer<Element>, count: Int) {
        assert(self.count + count <= self.capacity)
        let start = self.slot(self.count)
        let first = min(count, self.capacity &- start)
        (self.slots + start).initialize(from: source, count: first)
        if first < count { self.slots.initialize(from: source + first, count: count &- first) }
        self.count &+= count
    }

    /// Moves `count` elements to the end; there must be places.
    @inlinable
    package mutating func append(moving source: UnsafeMutablePointer<Element>, count: Int) {
        assert(self.count + count <= self.capacity)
        let start = self.slot(self.count)
        let first = min(count, self.capacity &- start)
        (self.slots + start).moveInitialize(from: source, count: first)
        if first < count { self.slots.moveInitialize(from: source + first, count: count &- first) }
        self.count &+= count
    }

    /// Adds `count` times the same element; there must be places.
    @inlinable
    package mutating func append(repeating element: Element, count: Int) {
        assert(self.count + count <= self.capacity)
        let start = self.slot(self.count)
        let first = min(count, self.capacity &- start)
        (self.slots + start).initialize(repeating: element, count: first)
        if first < count { self.slots.initialize(repeating: element, count: count &- first) }
        self.count &+= count
    }

    /// Takes the oldest element; there must be one.
    @inlinable
    @inline(__always)
    package mutating func removeFirst() -> Element {
        assert(self.count > 0)
        let element = (self.slots + self.head).move()
        self.advance(1)
        return element
    }

    /// Moves the `count` oldest elements to `destination`; there must be as many.
    @inlinable
    package mutating func removeFirst(_ count: Int, into destination: UnsafeMutablePointer<Element>) {
        assert(count <= self.count)
        let first = min(count, self.capacity &- self.head)
        destination.moveInitialize(from: self.slots + self.head, count: first)
        if first < count { (destination + first).moveInitialize(from: self.slots, count: count &- first) }
        self.advance(count)
    }

    /// Drops the `count` oldest elements; there must be as many.
    @inlinable
    package mutating func dropFirst(_ count: Int) {
        assert(count <= self.count)
        let first = min(count, self.capacity &- self.head)
        (self.slots + self.head).deinitialize(count: first)
        if first < count { self.slots.deinitialize(count: count &- first) }
        self.advance(count)
    }

    /// Grows to at least `capacity` places.
    @usableFromInline
    package mutating func grow(to capacity: Int) {
        guard capacity > self.capacity else { return }
        let slots = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        let count = self.count
        self.removeFirst(count, into: slots)
        self.slots.deallocate()
        self.slots = slots
        self.capacity = capacity
        self.head = 0
        self.count = count
    }

    @inlinable
    @inline(__always)
    mutating func advance(_ count: Int) {
        self.head &+= count
        if self.head >= self.capacity { self.head &-= self.capacity }
        self.count &-= count
    }
}

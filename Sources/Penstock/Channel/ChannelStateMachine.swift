//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a channel holds and who waits at either end: a plain value, without a lock, a clock or a suspended task.
///
/// Three things never hold at once, and each method keeps it so: an element in the buffer and a receiver waiting; a free
/// place and a single sender waiting; anybody waiting and the channel finished (but for an empty line).
@usableFromInline
struct ChannelStateMachine<Element>: ~Copyable {
    /// Whether the channel still takes elements.
    @usableFromInline
    enum Phase {
        /// Takes elements. Can transition to: `finished`.
        case open
        /// Takes none; what it holds can still be received. Final.
        case finished
    }

    /// What is to be done after an attempt to send one element.
    @usableFromInline
    enum SendAction {
        /// It stands in the buffer.
        case stored
        /// It was given to this receiver, who is to be resumed.
        case handed(Waiter<Element>)
        /// There is no place, or others wait for one already.
        case full
        /// The channel is finished.
        case closed
    }

    /// What is to be done after an attempt to receive one element.
    @usableFromInline
    enum ReceiveAction {
        /// An element, and the sender whose own element has taken the free place, to be resumed with those linked behind.
        case element(Element, wake: Waiter<Element>?)
        /// Nothing is there yet.
        case empty
        /// Nothing is there, and nothing will be.
        case finished
    }

    @usableFromInline var phase = Phase.open
    @usableFromInline var ring: Ring<Element>
    @usableFromInline var senders = WaiterLine<Element>()
    @usableFromInline var receivers = WaiterLine<Element>()
    @usableFromInline var waiters = WaiterPool<Element>()

    @usableFromInline
    init(capacity: Int) {
        self.ring = Ring(capacity: capacity)
    }

    @inlinable var capacity: Int { self.ring.capacity }

    /// Whether nothing is there, and nothing will be.
    var hasEnded: Bool {
        switch self.phase {
        case .open: false
        case .finished: self.ring.isEmpty
        }
    }

    /// Puts one element in, if it may go ahead at once.
    @inlinable
    @inline(__always)
    mutating func send(_ element: Element) -> SendAction {
        switch self.phase {
        case .finished: return .closed
        case .open: break
        }
        if self.ring.isFull || !self.senders.isEmpty { return .full }
        if !self.receivers.isEmpty, let receiver = self.hand(element) { return .handed(receiver) }
        self.ring.append(element)
        return .stored
    }

    /// Puts as many elements in as may go ahead at once, and says how many; nil when finished.
    ///
    /// - Parameter moves: Whether those that went in are no longer initialised in `source`, or still are.
    @inlinable
    @inline(__always)
    mutating func send(
        from source: UnsafeMutablePointer<Element>,
        count: Int,
        moves: Bool,
        wakeups: inout Wakeups<Element>
    ) -> Int? {
        switch self.phase {
        case .finished: return nil
        case .open: break
        }
        if !self.senders.isEmpty { return 0 }
        let sent = self.handAll(source, count: count, moves: moves, wakeups: &wakeups)
        let stored = min(count - sent, self.ring.capacity - self.ring.count)
        if stored > 0 {
            if moves {
                self.ring.append(moving: source + sent, count: stored)
            } else {
                self.ring.append(copying: source + sent, count: stored)
            }
        }
        return sent + stored
    }

    /// Moves as many elements in as there are places, ahead of those in line, and says how many; nil when finished.
    ///
    /// For who was served a place and comes to use it. What it leaves goes to the next in line.
    @inlinable
    mutating func sendServed(
        moving source: UnsafeMutablePointer<Element>,
        count: Int,
        wakeups: inout Wakeups<Element>
    ) -> Int? {
        switch self.phase {
        case .finished: return nil
        case .open: break
        }
        let handed = self.handAll(source, count: count, moves: true, wakeups: &wakeups)
        let stored = min(count - handed, self.ring.capacity - self.ring.count)
        if stored > 0 { self.ring.append(moving: source + handed, count: stored) }
        self.admit(&wakeups)
        return handed + stored
    }

    /// Takes one element out, if there is one.
    @inlinable
    @inline(__always)
    mutating func receive() -> ReceiveAction {
        if self.ring.isEmpty {
            switch self.phase {
            case .open: return .empty
            case .finished: return .finished
            }
        }
        let element = self.ring.removeFirst()
        return .element(element, wake: self.mayAdmit ? self.admitLinked() : nil)
    }

    /// Moves up to `count` elements to `destination` and says how many; nil when there are none and none will come.
    @inlinable
    mutating func receive(
        upTo count: Int,
        into destination: UnsafeMutablePointer<Element>,
        wakeups: inout Wakeups<Element>
    ) -> Int? {
        let taken = min(count, self.ring.count)
        if taken == 0 {
            switch self.phase {
            case .open: return 0
            case .finished: return nil
            }
        }
        self.ring.removeFirst(taken, into: destination)
        if self.mayAdmit { self.admit(&wakeups) }
        return taken
    }

    /// Puts a sender in line, unless what it waits for is there by now.
    @inlinable
    mutating func suspendSender(_ waiter: Waiter<Element>) -> Enlisting<Element> {
        if let outcome = waiter.outcome { return .ended(outcome, wake: nil) }
        guard let element = waiter.element else { return .ended(.served, wake: nil) }
        switch self.send(element) {
        case .stored: return .ended(.served, wake: nil)
        case .handed(let receiver): return .ended(.served, wake: receiver)
        case .closed: return .ended(.closed, wake: nil)
        case .full:
            self.senders.append(waiter)
            return .waits
        }
    }

    /// Puts somebody in line who waits for places and brings no element, unless there is a place.
    @inlinable
    mutating func suspendForPlace(_ waiter: Waiter<Element>) -> Enlisting<Element> {
        if let outcome = waiter.outcome { return .ended(outcome, wake: nil) }
        switch self.phase {
        case .finished: return .ended(.closed, wake: nil)
        case .open: break
        }
        if !self.ring.isFull, self.senders.isEmpty { return .ended(.served, wake: nil) }
        self.senders.append(waiter)
        return .waits
    }

    /// Puts a receiver in line, unless what it waits for is there by now.
    @inlinable
    mutating func suspendReceiver(_ waiter: Waiter<Element>) -> Enlisting<Element> {
        if let outcome = waiter.outcome { return .ended(outcome, wake: nil) }
        switch self.receive() {
        case .element(let element, let sender):
            waiter.element = element
            return .ended(.served, wake: sender)
        case .finished: return .ended(.closed, wake: nil)
        case .empty:
            self.receivers.append(waiter)
            return .waits
        }
    }

    /// Ends a sender's wait because its task was cancelled.
    ///
    /// - Returns: The sender, if it waited, and linked behind it those whom it has held up; all are to be resumed.
    @usableFromInline
    mutating func cancelSender(_ waiter: Waiter<Element>) -> Waiter<Element>? {
        guard self.senders.cancel(waiter) else { return nil }
        var wakeups = Wakeups<Element>()
        wakeups.append(waiter)
        self.admit(&wakeups)
        return wakeups.first
    }

    /// Ends a receiver's wait because its task was cancelled.
    ///
    /// - Returns: The receiver, if it waited; it is to be resumed.
    @usableFromInline
    mutating func cancelReceiver(_ waiter: Waiter<Element>) -> Waiter<Element>? {
        self.receivers.cancel(waiter) ? waiter : nil
    }

    /// Takes nothing more; wakes everybody who waits.
    @usableFromInline
    mutating func finish() -> Wakeups<Element> {
        self.phase = .finished
        var wakeups = Wakeups<Element>()
        while let sender = self.senders.removeFirst(outcome: .closed) { wakeups.append(sender) }
        while let receiver = self.receivers.removeFirst(outcome: .closed) { wakeups.append(receiver) }
        return wakeups
    }

    // MARK: - Private

    /// Gives an element to the longest waiting receiver.
    @inlinable
    mutating func hand(_ element: Element) -> Waiter<Element>? {
        guard let receiver = self.receivers.removeFirst(outcome: .served) else { return nil }
        receiver.element = element
        return receiver
    }

    /// Gives elements to waiting receivers, one each, and says how many.
    @inlinable
    @inline(__always)
    mutating func handAll(
        _ source: UnsafeMutablePointer<Element>,
        count: Int,
        moves: Bool,
        wakeups: inout Wakeups<Element>
    ) -> Int {
        var handed = 0
        while !self.receivers.isEmpty, handed < count, let receiver = self.hand(source[handed]) {
            if moves { (source + handed).deinitialize(count: 1) }
            wakeups.append(receiver)
            handed += 1
        }
        return handed
    }

    /// Whether the longest waiting sender's turn has come.
    @inlinable
    @inline(__always)
    var mayAdmit: Bool {
        guard let sender = self.senders.first else { return false }
        return self.isTurn(of: sender, free: self.ring.capacity - self.ring.count)
    }

    @inlinable
    func isTurn(of sender: Waiter<Element>, free: Int) -> Bool {
        let half = max(1, self.ring.capacity / 2)
        return free >= (sender.element == nil ? half : min(sender.remaining, half))
    }

    @inlinable
    mutating func admitLinked() -> Waiter<Element>? {
        var wakeups = Wakeups<Element>()
        self.admit(&wakeups)
        return wakeups.first
    }

    /// Moves elements of waiting senders into the buffer, in their order, as far as there are places.
    ///
    /// A sender of many is woken when what it still has, or half of the capacity, fits: one wake-up then moves many.
    /// It could not have ended earlier, and those behind it wait for their turn. Who waits for places without an
    /// element is woken when half of the capacity is free: a wake-up costs as much as a thousand elements.
    @inlinable
    mutating func admit(_ wakeups: inout Wakeups<Element>) {
        var free = self.ring.capacity - self.ring.count
        while free > 0, let sender = self.senders.first {
            guard self.isTurn(of: sender, free: free) else { return }
            self.senders.remove(sender, outcome: .served)
            guard let element = sender.element else {
                wakeups.append(sender)
                free -= sender.remaining
                continue
            }
            sender.element = nil
            wakeups.append(sender)
            // A receiver waits beside a sender only while one who was left a place has not come.
            if let receiver = self.hand(element) {
                wakeups.append(receiver)
            } else {
                self.ring.append(element)
                free -= 1
            }
        }
    }
}

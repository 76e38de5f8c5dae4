//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// SAFETY: all state is behind the futex lock.
/// A bounded buffer between tasks: many senders, many receivers, first in, first out.
///
/// A full channel holds its senders, an empty one its receivers; both are served in the order in which they came.
/// Cancelling a suspended call wakes it at once, and nothing is lost by it: a cancelled send has not sent, a cancelled
/// receive has not taken. See <doc:ChannelSemantics> for each case.
///
/// ```swift
/// let orders = Channel<Order>(capacity: 100)
/// try await orders.send(order)                  // waits while full
/// for await order in orders { … }               // ends when finished and empty
/// ```
public final class Channel<Element: Sendable>: @unchecked Sendable {
    /// Why ``trySend(_:)`` did or did not send.
    @frozen
    public enum SendAttempt: Sendable, Hashable {
        /// The element is in the channel.
        case sent
        /// There is no place, or others wait for one.
        case full
        /// The channel is finished.
        case closed
    }

    /// The most elements the channel holds.
    public let capacity: Int
    @usableFromInline let guarded: FutexLocked<ChannelStateMachine<Element>>

    /// Creates an empty channel.
    ///
    /// - Parameter capacity: The most elements it holds, 1 to 1,000,000,000; places for all of them are allocated.
    public init(capacity: Int) {
        precondition(
            (1...1_000_000_000).contains(capacity),
            "A channel's capacity is 1 to 1,000,000,000, not \(capacity)."
        )
        self.capacity = capacity
        self.guarded = FutexLocked(ChannelStateMachine(capacity: capacity))
    }

    deinit { self.guarded.destroy() }

    /// How many elements the channel holds now.
    public var depth: Int { self.guarded.withLock { $0.ring.count } }

    /// The depth as a share of the capacity, from 0 to 1.
    public var utilization: Double { Double(self.depth) / Double(self.capacity) }

    /// Whether the channel is finished and empty: every receive from now on gets nil.
    ///
    /// For who polls: nil of ``tryReceive()`` means the end when this is true, and nothing yet otherwise.
    public var hasEnded: Bool { self.guarded.withLock { $0.hasEnded } }

    /// How many sends and receives are suspended now.
    package var waiting: (senders: Int, receivers: Int) {
        let state = self.guarded.lock()
        defer { self.guarded.unlock() }
        return (state.pointee.senders.count, state.pointee.receivers.count)
    }

    /// Lets nothing more in.
    ///
    /// What the channel holds can still be received; then receivers get nil. Suspended senders wake with `closed`; their elements were not sent. Calling it again does nothing.
    public func finish() {
        let state = self.guarded.lock()
        let wakeups = state.pointee.finish()
        self.guarded.unlock()
        wakeups.resume()
    }

    // MARK: - Sending

    /// Sends if there is a place, from anywhere; never waits.
    @inlinable
    public func trySend(_ element: Element) -> SendAttempt {
        let state = self.guarded.lock()
        let action = state.pointee.send(element)
        self.guarded.unlock()
        switch action {
        case .stored: return .sent
        case .handed(let receiver):
            resumeLinked(receiver)
            return .sent
        case .full: return .full
        case .closed: return .closed
        }
    }

    /// Sends, and waits while the channel is full.
    ///
    /// - Throws: `closed` when the channel is or gets finished, `cancelled` when the task is cancelled while it would
    ///   wait. The element was then not sent. A send that need not wait does not look at cancellation.
    @inlinable
    @inline(__always)
    public func send(_ element: Element) async throws(PenstockError) {
        switch self.trySend(element) {
        case .sent: return
        case .closed: throw .closedChannel(acceptedCount: 0)
        case .full: try await self.sendSlow(element, remaining: 1, acceptedCount: 0)
        }
    }

    /// Sends each element in order, as many at a time as there are places.
    ///
    /// - Throws: `closed` or `cancelled`, as ``send(_:)``; the error's `acceptedCount` says how many were sent.
    @inlinable
    public func send(contentsOf elements: some Collection<Element>) async throws(PenstockError) {
        let count = elements.count
        var sent = 0
        var rest = elements[...]
        while let next = rest.first {
            guard let more = self.trySend(contentsOf: rest) else { throw .closedChannel(acceptedCount: sent) }
            if more == 0 { try await self.sendSlow(next, remaining: count - sent, acceptedCount: sent) }
            sent += Swift.max(more, 1)
            rest = rest.dropFirst(Swift.max(more, 1))
        }
    }

    // MARK: - Receiving

    /// The oldest element, if there is one; never waits.
    ///
    /// - Returns: nil when there is none now, or will never be again; ``hasEnded`` tells which.
    @inlinable
    public func tryReceive() -> Element? {
        switch self.takeOne() {
        case .element(let element, _): return element
        case .empty, .finished: return nil
        }
    }

    /// The oldest element; waits while there is none.
    ///
    /// - Returns: nil when the channel is finished and empty.
    /// - Throws: `cancelled` when the task is cancelled while it would wait; no element was then taken.
    @inlinable
    @inline(__always)
    public func receive() async throws(PenstockError) -> Element? {
        switch self.takeOne() {
        case .element(let element, _): return element
        case .finished: return nil
        case .empty: return try await self.receiveSlow()
        }
    }

    /// Up to `count` elements, oldest first; waits while there is none, and not for more than one.
    ///
    /// - Returns: An empty array when the channel is finished and empty.
    /// - Throws: `cancelled`, as ``receive()``.
    @inlinable
    public func receive(upTo count: Int) async throws(PenstockError) -> [Element] {
        var elements: [Element] = []
        _ = try await self.receive(upTo: count, appendingTo: &elements)
        return elements
    }

    /// Appends up to `count` elements to an array that the caller uses again and again.
    ///
    /// - Returns: How many were appended; 0 when the channel is finished and empty.
    /// - Throws: `cancelled`, as ``receive()``.
    @inlinable
    public func receive(
        upTo count: Int,
        appendingTo elements: inout [Element]
    ) async throws(PenstockError) -> Int {
        precondition(count >= 1, "A receive takes at least one element, not \(count).")
        guard let taken = self.tryReceive(upTo: count, appendingTo: &elements) else { return 0 }
        if taken > 0 { return taken }
        guard let first = try await self.receiveSlow() else { return 0 }
        elements.append(first)
        guard count > 1 else { return 1 }
        return 1 + (self.tryReceive(upTo: count - 1, appendingTo: &elements) ?? 0)
    }

    /// Gives up to `count` elements to a function, oldest first; waits while there is none, and not for more than one.
    ///
    /// The quickest way to receive: the elements are moved and nowhere kept.
    ///
    /// - Parameters:
    ///   - count: The most elements, at least 1.
    ///   - body: Gets each element, outside of the channel's lock.
    /// - Returns: How many there were; 0 when the channel is finished and empty.
    /// - Throws: `cancelled`, as ``receive()``.
    @inlinable
    @discardableResult
    public func receive(
        upTo count: Int,
        _ body: (consuming Element) -> Void
    ) async throws(PenstockError) -> Int {
        precondition(count >= 1, "A receive takes at least one element, not \(count).")
        guard let taken = self.tryReceive(upTo: count, body) else { return 0 }
        if taken > 0 { return taken }
        guard let first = try await self.receiveSlow() else { return 0 }
        body(first)
        guard count > 1 else { return 1 }
        return 1 + (self.tryReceive(upTo: count - 1, body) ?? 0)
    }

    // MARK: - Private

    /// As many elements as take 1,024 bytes: what the stack holds without a question.
    @inlinable static var pieceMax: Int { Swift.max(1, 1_024 / Swift.max(1, MemoryLayout<Element>.stride)) }

    @inlinable
    func tryReceive(upTo count: Int, _ body: (consuming Element) -> Void) -> Int? {
        var total = 0
        while total < count {
            let room = Swift.min(count - total, self.capacity, Self.pieceMax)
            let taken = withUnsafeTemporaryAllocation(of: Element.self, capacity: room) { buffer -> Int? in
                guard let base = buffer.baseAddress else { return 0 }
                var wakeups = Wakeups<Element>()
                let state = self.guarded.lock()
                let taken = state.pointee.receive(upTo: room, into: base, wakeups: &wakeups)
                self.guarded.unlock()
                wakeups.resume()
                for index in 0..<(taken ?? 0) { body((base + index).move()) }
                return taken
            }
            guard let taken else { return total == 0 ? nil : total }
            total += taken
            if taken < room { break }
        }
        return total
    }

    @inlinable
    func trySend(contentsOf elements: some Collection<Element>) -> Int? {
        let sent = elements.withContiguousStorageIfAvailable { buffer -> Int? in
            guard let base = buffer.baseAddress else { return 0 }
            return self.guarded.trySend(from: UnsafeMutablePointer(mutating: base), count: buffer.count, moves: false)
        }
        if let sent { return sent }
        // Not contiguous: a piece at a time.
        return self.trySend(contentsOf: Array(elements.prefix(64)))
    }

    /// Waits until there were places for `count` elements, or for half of the capacity, which others may have taken by
    /// then; for who must not let go of what it sends.
    @inlinable
    func waitForPlaces(_ count: Int) async -> WaitOutcome {
        let waiter = self.guarded.withLock { $0.waiters.take() }
        waiter.remaining = count
        let outcome = await self.guarded.wait(waiter) {
            $0.suspendForPlace(waiter)
        } cancel: {
            $0.cancelSender(waiter)
        }
        self.guarded.withLock { $0.waiters.give(waiter) }
        return outcome
    }

    /// Takes one element if there is one, and resumes the sender that has its place.
    @inlinable
    @inline(__always)
    func takeOne() -> ChannelStateMachine<Element>.ReceiveAction {
        let state = self.guarded.lock()
        let action = state.pointee.receive()
        self.guarded.unlock()
        if case .element(_, let sender?) = action { resumeLinked(sender) }
        return action
    }

    @inlinable
    func tryReceive(upTo count: Int, appendingTo elements: inout [Element]) -> Int? {
        let room = Swift.min(count, self.capacity)
        var received: Int?
        elements.append(addingCapacity: room) { span in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                guard let base = buffer.baseAddress else { return }
                var wakeups = Wakeups<Element>()
                let state = self.guarded.lock()
                received = state.pointee.receive(upTo: room, into: base + initialized, wakeups: &wakeups)
                self.guarded.unlock()
                wakeups.resume()
                initialized += received ?? 0
            }
        }
        return received
    }

    @inlinable
    @inline(never)
    func sendSlow(_ element: Element, remaining: Int, acceptedCount: Int) async throws(PenstockError) {
        let waiter = self.guarded.withLock { $0.waiters.take() }
        waiter.element = element
        waiter.remaining = remaining
        let outcome = await self.guarded.wait(waiter) {
            $0.suspendSender(waiter)
        } cancel: {
            $0.cancelSender(waiter)
        }
        self.guarded.withLock { $0.waiters.give(waiter) }
        switch outcome {
        case .served, .retry: return
        case .closed: throw .closedChannel(acceptedCount: acceptedCount)
        case .cancelled: throw .cancelledSend(acceptedCount: acceptedCount)
        }
    }

    @inlinable
    @inline(never)
    func receiveSlow() async throws(PenstockError) -> Element? {
        let waiter = self.guarded.withLock { $0.waiters.take() }
        let outcome = await self.guarded.wait(waiter) {
            $0.suspendReceiver(waiter)
        } cancel: {
            $0.cancelReceiver(waiter)
        }
        let element = waiter.element
        self.guarded.withLock { $0.waiters.give(waiter) }
        switch outcome {
        case .served, .retry: return element
        case .closed: return nil
        case .cancelled: throw .cancelledReceive()
        }
    }
}

extension FutexLocked where State: ~Copyable {
    /// Sends as many as have a place and says how many; nil when finished.
    ///
    /// - Parameter moves: Whether those that were sent are no longer initialised in `source`, or still are.
    @inlinable
    @inline(__always)
    func trySend<Element>(from source: UnsafeMutablePointer<Element>, count: Int, moves: Bool) -> Int?
    where State == ChannelStateMachine<Element> {
        var wakeups = Wakeups<Element>()
        let state = self.lock()
        let sent = state.pointee.send(from: source, count: count, moves: moves, wakeups: &wakeups)
        self.unlock()
        wakeups.resume()
        return sent
    }
}

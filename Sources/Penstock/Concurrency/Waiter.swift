//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Synchronization

/// How a suspended call ends.
@usableFromInline
package enum WaitOutcome: Sendable {
    /// What was waited for has happened: the element is handed over.
    case served
    /// There was nothing to wait for: the call may go ahead itself.
    case retry
    /// The channel or queue closed first.
    case closed
    /// The waiting task was cancelled first, or the waiting thread's time was over.
    case cancelled
}

/// What became of a call that went to stand in line.
@usableFromInline
package enum Enlisting<Element> {
    /// It stands there.
    case waits
    /// It need not wait; `wake` is somebody who need not either, with those linked behind.
    case ended(WaitOutcome, wake: Waiter<Element>?)
}

/// One suspended call: its place in a line, and the element that it brings or gets.
///
/// A waiter belongs to the call that made it for as long as that call lasts, so that a cancellation handler may name it
/// at any time. It is in a line, or it has an outcome, or it is new; whoever takes it out of the line under the owner's
/// lock, and nobody else, resumes it. Hence it is resumed once.
//
// SAFETY: every stored property is read and written under the lock of the channel or queue that owns the line, but for
// `next` and `caller` of a waiter that was taken out, which belong to the one who took it.
@usableFromInline
package final class Waiter<Element>: @unchecked Sendable {
    /// Where a waiter stands.
    @usableFromInline
    enum State {
        /// Not in a line yet. Can transition to: `waiting`, `ended`.
        case new
        /// In a line. Can transition to: `ended`.
        case waiting
        /// Served, closed or cancelled. Stays so until the waiter is used again.
        case ended(WaitOutcome)
    }

    /// Who waits, and how to let it go on.
    @usableFromInline
    enum Caller {
        /// A suspended task.
        case task(TaskContinuation<WaitOutcome>)
        /// A thread that sleeps on its word; see ``ThreadWord``.
        case thread(ThreadWord)
    }

    @usableFromInline var state = State.new
    /// What a sender brings, or a receiver was given.
    @usableFromInline package var element: Element?
    /// What belongs to the element and goes with it.
    @usableFromInline var companion: AnyObject?
    /// How many elements the call still has, this one included; `.max` for a sender, which does not say.
    @usableFromInline package var remaining = 1
    @usableFromInline var caller: Caller?
    /// Written last by who resumes a task's call, and read first by the call. The continuation orders the two as well,
    /// which the thread sanitizer does not see when the call is resumed before it is fully suspended. Beside `caller` it
    /// takes no room of its own.
    @usableFromInline let isLetGo = Atomic(false)
    @usableFromInline var next: Waiter?
    @usableFromInline unowned(unsafe) var previous: Waiter?

    @usableFromInline
    package init() {}

    /// Makes the waiter as new for the next call.
    func reset() {
        self.state = .new
        self.element = nil
        self.companion = nil
        self.remaining = 1
        self.caller = nil
        self.next = nil
        self.previous = nil
    }

    /// The outcome, once there is one.
    @usableFromInline
    package var outcome: WaitOutcome? {
        if case .ended(let outcome) = self.state { return outcome }
        return nil
    }
}

/// Waiters in the order in which they came.
@usableFromInline
package struct WaiterLine<Element>: ~Copyable {
    @usableFromInline package private(set) var first: Waiter<Element>?
    unowned(unsafe) private var last: Waiter<Element>?
    @usableFromInline package private(set) var count = 0

    @usableFromInline
    package init() {}

    @inlinable package var isEmpty: Bool { self.count == 0 }

    /// Puts a new waiter at the end.
    @usableFromInline
    package mutating func append(_ waiter: Waiter<Element>) {
        waiter.state = .waiting
        waiter.previous = self.last
        if let last = self.last { last.next = waiter } else { self.first = waiter }
        self.last = waiter
        self.count += 1
    }

    /// Takes a waiter out, wherever it stands, and gives it its outcome.
    @usableFromInline
    package mutating func remove(_ waiter: Waiter<Element>, outcome: WaitOutcome) {
        let next = waiter.next
        let previous = waiter.previous
        if let previous { previous.next = next } else { self.first = next }
        if let next { next.previous = previous } else { self.last = previous }
        waiter.next = nil
        waiter.previous = nil
        waiter.state = .ended(outcome)
        self.count -= 1
    }

    /// Ends a wait because its task was cancelled. True: it waited, and is to be resumed.
    @usableFromInline
    package mutating func cancel(_ waiter: Waiter<Element>) -> Bool {
        switch waiter.state {
        case .new:
            // The handler may run before the call stands in line: it will find this.
            waiter.state = .ended(.cancelled)
            return false
        case .waiting:
            self.remove(waiter, outcome: .cancelled)
            return true
        case .ended:
            return false
        }
    }

    /// Takes the longest waiting one out.
    @usableFromInline
    package mutating func removeFirst(outcome: WaitOutcome) -> Waiter<Element>? {
        guard let first = self.first else { return nil }
        self.remove(first, outcome: outcome)
        return first
    }
}

/// Waiters that were taken out of their line under the lock and are to be resumed after it.
///
/// A linked list through the waiters themselves: waking many allocates nothing.
@usableFromInline
package struct Wakeups<Element>: ~Copyable {
    @usableFromInline var first: Waiter<Element>?
    private var last: Waiter<Element>?

    @inlinable
    package init() {}

    @inlinable package var isEmpty: Bool { self.first == nil }

    /// Adds a waiter that is out of its line.
    @usableFromInline
    package mutating func append(_ waiter: Waiter<Element>) {
        if let last = self.last { last.next = waiter } else { self.first = waiter }
        self.last = waiter
    }

    /// Resumes all of them, in order. Never under a lock.
    @inlinable
    @inline(__always)
    package consuming func resume() {
        if self.first != nil { self.resumeAll() }
    }

    /// The outcomes in order, without resuming: for tests of the state machines.
    package var outcomes: [WaitOutcome] {
        var outcomes: [WaitOutcome] = []
        var waiter = self.first
        while let current = waiter {
            if let outcome = current.outcome { outcomes.append(outcome) }
            waiter = current.next
        }
        return outcomes
    }

    @usableFromInline
    @inline(never)
    func resumeAll() {
        if let first = self.first { resumeLinked(first) }
    }
}

/// Waiters to use again, so that a wait allocates nothing once warm.
@usableFromInline
package struct WaiterPool<Element>: ~Copyable {
    private var free: [Waiter<Element>] = []
    /// How many are kept; more would only be memory.
    private static var freeMax: Int { 256 }

    @usableFromInline
    package init() {}

    @usableFromInline
    mutating func take() -> Waiter<Element> { self.free.popLast() ?? Waiter() }

    @usableFromInline
    mutating func give(_ waiter: Waiter<Element>) {
        waiter.reset()
        if self.free.count < Self.freeMax { self.free.append(waiter) }
    }
}

/// Resumes a waiter that was taken out of its line, and those that ``Wakeups`` has linked behind it. Never under a lock.
@usableFromInline
@inline(never)
package func resumeLinked<Element>(_ first: Waiter<Element>) {
    var waiter: Waiter<Element>? = first
    while let current = waiter {
        // Once resumed, the waiter belongs to its call again: read all before.
        waiter = current.next
        current.next = nil
        guard let outcome = current.outcome, let caller = current.caller else { continue }
        current.caller = nil
        switch caller {
        case .task(let continuation):
            current.isLetGo.store(true, ordering: .releasing)
            continuation.resume(returning: outcome)
        case .thread(let word): word.letGo()
        }
    }
}

extension FutexLocked where State: ~Copyable {
    /// Suspends the calling task until its waiter is served, closed or cancelled.
    ///
    /// - Parameters:
    ///   - waiter: The call's own waiter, new.
    ///   - enlist: Puts it in line under the lock, or says why not.
    ///   - cancel: Takes it out under the lock; those who are to be resumed, if it was in line: itself, then those whom
    ///     it has held up.
    ///   - afterCancel: Does outside the lock what else follows from that.
    @inlinable
    package func wait<Element>(
        _ waiter: Waiter<Element>,
        enlist: (inout State) -> Enlisting<Element>,
        cancel: @Sendable (inout State) -> Waiter<Element>?,
        afterCancel: @Sendable () -> Void = {}
    ) async -> WaitOutcome {
        defer { _ = waiter.isLetGo.load(ordering: .acquiring) }
        return await withTaskCancellationHandler {
            await withTaskContinuation { (continuation: TaskContinuation<WaitOutcome>) in
                let state = self.lock()
                waiter.caller = .task(continuation)
                let enlisting = enlist(&state.pointee)
                self.unlock()
                switch enlisting {
                case .waits: break
                case .ended(let outcome, let other):
                    if let other { resumeLinked(other) }
                    continuation.resume(returning: outcome)
                }
            }
        } onCancel: {
            let state = self.lock()
            let first = cancel(&state.pointee)
            self.unlock()
            if let first {
                resumeLinked(first)
                afterCancel()
            }
        }
    }
}

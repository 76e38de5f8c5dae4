//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock
public import Synchronization

/// A value behind the three-state futex lock, for the channel, the pool's queue and the resource pool only.
///
/// The lock is the third one of Ulrich Drepper's "Futexes Are Tricky" (2011): 0 is free, 1 is held, 2 is held with
/// sleepers. Lock word and value stand in one block, 128 bytes apart, so that waiting on the word does not slow the
/// holder. Hot code calls ``lock()`` and ``unlock()`` itself: a closure would copy each element that it captures.
///
/// The block is not freed by itself: the owner calls ``destroy()`` in its `deinit`.
//
// SAFETY: the pointer that lock() returns may be used only until unlock().
@usableFromInline
package struct FutexLocked<State: ~Copyable>: @unchecked Sendable {
    @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt32>>
    @usableFromInline let state: UnsafeMutablePointer<State>

    @inlinable
    package init(_ state: consuming State) {
        let distance = max(128, MemoryLayout<State>.alignment)
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: distance + MemoryLayout<State>.size,
            alignment: distance
        )
        self.word = block.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        self.word.initialize(to: Atomic(0))
        self.state = (block + distance).bindMemory(to: State.self, capacity: 1)
        self.state.initialize(to: state)
    }

    /// Frees the value and the lock; nobody may hold or want it any more.
    @inlinable
    package func destroy() {
        self.state.deinitialize(count: 1)
        self.word.deinitialize(count: 1)
        UnsafeMutableRawPointer(self.word).deallocate()
    }

    /// Waits until the lock is free, takes it, and gives access to the value until ``unlock()``.
    @inlinable
    @inline(__always)
    package func lock() -> UnsafeMutablePointer<State> {
        let taken = self.word.pointee.compareExchange(
            expected: 0,
            desired: 1,
            successOrdering: .acquiring,
            failureOrdering: .relaxed
        )
        if !taken.exchanged { futexLockSlow(self.word) }
        return self.state
    }

    /// Gives the lock back and wakes one that sleeps for it.
    @inlinable
    @inline(__always)
    package func unlock() {
        if self.word.pointee.exchange(0, ordering: .releasing) == 2 { futexWakeOne(self.word) }
    }

    /// Runs `body` with the value, alone. For paths that are not hot.
    @inlinable
    @inline(__always)
    package func withLock<Result: ~Copyable>(_ body: (inout State) -> Result) -> Result {
        let state = self.lock()
        defer { self.unlock() }
        return body(&state.pointee)
    }
}

/// How often a thread looks again before it sleeps for a lock: about a microsecond in all.
///
/// Holders have the lock for some ten nanoseconds, and a sleep costs tens of microseconds.
private let looksMax = 24

@usableFromInline
@inline(never)
package func futexLockSlow(_ word: UnsafeMutablePointer<Atomic<UInt32>>) {
    for _ in 0..<looksMax {
        cpenstock_pause()
        guard word.pointee.load(ordering: .relaxed) == 0 else { continue }
        let taken = word.pointee.compareExchange(
            expected: 0,
            desired: 1,
            successOrdering: .acquiring,
            failureOrdering: .relaxed
        )
        if taken.exchanged { return }
    }
    while word.pointee.exchange(2, ordering: .acquiring) != 0 { cpenstock_wait(word, 2) }
}

@usableFromInline
@inline(never)
package func futexWakeOne(_ word: UnsafeMutablePointer<Atomic<UInt32>>) {
    cpenstock_wake(word, 1)
}

/// Does nothing for about a microsecond, without giving the processor away.
@usableFromInline
@inline(never)
package func pauseProcessor() {
    for _ in 0..<looksMax { cpenstock_pause() }
}

/// Allocates an atomic on 128 bytes of its own, so that neighbours do not slow each other.
@usableFromInline
package func allocatePadded<Value: AtomicRepresentable>(
    _ value: consuming Value
) -> UnsafeMutablePointer<Atomic<Value>> {
    let block = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    let pointer = block.bindMemory(to: Atomic<Value>.self, capacity: 1)
    pointer.initialize(to: Atomic(value))
    return pointer
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock
import Synchronization

/// The word on which a thread sleeps until somebody lets it go on.
///
/// It is lent: the memory is the sleeping thread's, on its stack, so that a blocking wait allocates nothing. Like the
/// word of ``FutexLocked`` it has three states, so that who lets go makes a system call only if the thread sleeps.
//
// SAFETY: who has the word may call `letGo` once, and the memory lives until it has written there. `letGo` then only
// names the address to the system: if the thread is gone by then, there is nobody to wake, and if another thread waits on
// the same address meanwhile, it wakes for no reason, which each wait on a futex allows for.
@usableFromInline
package struct ThreadWord: @unchecked Sendable {
    private static var running: UInt32 { 0 }
    private static var letGo: UInt32 { 1 }
    private static var sleeping: UInt32 { 2 }

    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    /// Lends a word to a body, which must not return before ``wait(until:)`` has returned true, unless nobody was given
    /// the word.
    @usableFromInline
    package static func withWord<Result>(_ body: (ThreadWord) -> Result) -> Result {
        withUnsafeTemporaryAllocation(
            byteCount: MemoryLayout<Atomic<UInt32>>.size,
            alignment: MemoryLayout<Atomic<UInt32>>.alignment
        ) { memory in
            let word = memory.bindMemory(to: Atomic<UInt32>.self)
            guard let base = word.baseAddress else { preconditionFailure("A word of four bytes has an address.") }
            base.initialize(to: Atomic(Self.running))
            defer { base.deinitialize(count: 1) }
            return body(ThreadWord(word: base))
        }
    }

    private init(word: UnsafeMutablePointer<Atomic<UInt32>>) { self.word = word }

    /// Blocks the calling thread until it is let go, or until an instant of ``TimeSource/system``, `UInt64.max` for none.
    ///
    /// - Returns: Whether it was let go.
    @usableFromInline
    package func wait(until instant: UInt64) -> Bool {
        while true {
            let (_, before) = self.word.pointee.compareExchange(
                expected: Self.running,
                desired: Self.sleeping,
                ordering: .acquiring
            )
            if before == Self.letGo { return true }
            if instant == .max {
                cpenstock_wait(self.word, Self.sleeping)
            } else {
                if TimeSource.system.now() >= instant { return false }
                cpenstock_wait_until(self.word, Self.sleeping, instant)
            }
        }
    }

    /// Lets the thread go on, once.
    @usableFromInline
    package func letGo() {
        if self.word.pointee.exchange(Self.letGo, ordering: .acquiringAndReleasing) == Self.sleeping {
            cpenstock_wake(self.word, 1)
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension FutexLocked where State: ~Copyable {
    /// Blocks the calling thread until its waiter is served, closed or out of time: ``wait(_:enlist:cancel:)`` for
    /// threads that are no task's. Tasks and threads stand in the same line.
    ///
    /// A call inside a task is refused before it comes here; see ``isInsideTask()``.
    ///
    /// - Parameters:
    ///   - waiter: The call's own waiter, new.
    ///   - deadline: Until when it waits, an instant of ``TimeSource/system``; `UInt64.max` for as long as it takes. The
    ///     wait does not end before its waiter has its outcome: what came in time is not lost.
    ///   - enlist: Puts the waiter in line under the lock, or says why not.
    ///   - cancel: Takes it out under the lock; those who are to be resumed, if it was in line: itself, then those whom
    ///     it has held up.
    /// - Returns: The outcome; `cancelled` when its time was over first.
    @inlinable
    package func waitBlocking<Element>(
        _ waiter: Waiter<Element>,
        deadline: UInt64 = .max,
        enlist: (inout State) -> Enlisting<Element>,
        cancel: (inout State) -> Waiter<Element>?
    ) -> WaitOutcome {
        ThreadWord.withWord { word in
            let state = self.lock()
            waiter.caller = .thread(word)
            let enlisting = enlist(&state.pointee)
            self.unlock()
            switch enlisting {
            case .waits: break
            case .ended(let outcome, let other):
                waiter.caller = nil
                if let other { resumeLinked(other) }
                return outcome
            }
            if !word.wait(until: deadline) {
                let state = self.lock()
                let first = cancel(&state.pointee)
                self.unlock()
                // Itself, as anybody else would; or another has just taken it out, and is about to let it go.
                if let first { resumeLinked(first) }
                _ = word.wait(until: .max)
            }
            guard let outcome = waiter.outcome else { preconditionFailure("Who is let go has an outcome.") }
            return outcome
        }
    }
}

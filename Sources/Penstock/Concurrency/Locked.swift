//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if PENSTOCK_TSAN

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A value behind a mutex: the one lock that code outside the queue uses.
///
/// The thread sanitizer cannot see into `Synchronization.Mutex` on Linux and would report correct code as a race, so
/// sanitizer builds lock a pthread mutex.
//
// SAFETY: the state is reached only between lock and unlock.
package final class Locked<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var state: State

    /// Creates a lock around a value.
    package init(_ state: sending State) {
        self.mutex = .allocate(capacity: 1)
        self.mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(self.mutex, nil)
        self.state = state
    }

    deinit {
        pthread_mutex_destroy(self.mutex)
        self.mutex.deallocate()
    }

    /// Runs `body` with the value, alone.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return try body(&self.state)
    }
}

#else

import Synchronization

/// A value behind a mutex: the one lock that code outside the queue uses.
//
// SAFETY: the state is reached only with the mutex held. `Mutex.withLock` itself asks for a `sending` result, which
// callers that return non-sendable values of their own cannot give; the class keeps the plain signature.
package final class Locked<State>: @unchecked Sendable {
    private let mutex = Mutex<Void>(())
    private var state: State

    /// Creates a lock around a value.
    package init(_ state: sending State) {
        self.state = state
    }

    /// Runs `body` with the value, alone.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        self.mutex._unsafeLock()
        defer { self.mutex._unsafeUnlock() }
        return try body(&self.state)
    }
}

#endif

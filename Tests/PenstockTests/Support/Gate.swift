//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Blocks the threads that come until it is opened: what a synchronous handler does that never returns.
//
// SAFETY: all state is behind the mutex.
final class ThreadGate: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isOpen = false
    private var arrived = 0

    init() {
        self.mutex.initialize(to: pthread_mutex_t())
        self.condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(self.mutex, nil)
        pthread_cond_init(self.condition, nil)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    /// How many threads have come so far.
    var arrivals: Int {
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        return self.arrived
    }

    func wait() {
        pthread_mutex_lock(self.mutex)
        self.arrived += 1
        while !self.isOpen { pthread_cond_wait(self.condition, self.mutex) }
        pthread_mutex_unlock(self.mutex)
    }

    func open() {
        pthread_mutex_lock(self.mutex)
        self.isOpen = true
        pthread_cond_broadcast(self.condition)
        pthread_mutex_unlock(self.mutex)
    }
}

/// Suspends the tasks that come until it is opened, and does not listen to cancellation.
final class TaskGate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    /// How many tasks have come so far.
    var arrivals: Int { self.state.withLock { $0.arrived } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Does nothing until the task is cancelled, and then what a handler does that listens to it.
func waitForCancellation() async throws {
    let never = Channel<Never>(capacity: 1)
    do {
        while true { _ = try await never.receive() }
    } catch {
        throw CancellationError()
    }
}

/// Gives way to other tasks until a condition holds; a watchdog bounds it.
func eventually(_ condition: () -> Bool) async {
    while !condition() { await Task.yield() }
}

/// What many threads have noted, in the order in which they did.
final class Notes<Note: Sendable>: Sendable {
    private let notes = Locked<[Note]>([])

    var all: [Note] { self.notes.withLock { $0 } }
    var count: Int { self.notes.withLock { $0.count } }

    func add(_ note: Note) { self.notes.withLock { $0.append(note) } }
}

/// What handlers of tests throw.
struct JobFailure: Error, Equatable {
    var job = 0
}

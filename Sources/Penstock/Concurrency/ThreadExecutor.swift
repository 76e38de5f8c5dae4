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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs tasks on a bounded number of threads of its own.
///
/// Threads start when there is work for them, park when there is none, and end after ``shutdown()`` or when
/// ``setThreadsMax(_:)`` has made them too many. Because they are not the cooperative pool's, a job on them may block. A
/// parked thread costs about 24 microseconds to wake: a task that comes wakes one, and a thread that leaves work behind
/// wakes another.
//
// SAFETY: the state is under its lock; `epoch` and `pending` are atomics.
@usableFromInline
package final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
    private struct State: ~Copyable {
        var ready = Ring<UnownedJob>(capacity: 64)
        var threads = 0
        var threadsMax: Int
        var parked = 0
        /// How many parked threads were woken and have not come yet.
        var waking = 0
        var stopping = false

        init(threadsMax: Int) { self.threadsMax = threadsMax }
    }

    private let name: String
    private let state: FutexLocked<State>
    private let epoch = allocatePadded(UInt32(0))
    private let pendingCount = allocatePadded(0)

    /// Creates an executor; no thread starts yet.
    ///
    /// - Parameters:
    ///   - threads: The most threads it may have, at least 1.
    ///   - name: The threads' name, for debuggers.
    package init(threads: Int, name: String) {
        precondition(threads >= 1, "An executor needs at least one thread.")
        self.state = FutexLocked(State(threadsMax: threads))
        self.name = name
    }

    deinit {
        self.state.destroy()
        self.epoch.deinitialize(count: 1)
        self.pendingCount.deinitialize(count: 1)
        UnsafeMutableRawPointer(self.epoch).deallocate()
        UnsafeMutableRawPointer(self.pendingCount).deallocate()
    }

    /// How many tasks wait for a thread, about.
    @usableFromInline
    package var pending: Int { self.pendingCount.pointee.load(ordering: .relaxed) }

    /// The most threads it may have.
    package var threadsMax: Int { self.state.withLock { $0.threadsMax } }

    /// How many threads live now.
    package var threadCount: Int { self.state.withLock { $0.threads } }

    @usableFromInline
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let state = self.state.lock()
        if state.pointee.ready.isFull { state.pointee.ready.grow(to: state.pointee.ready.capacity * 2) }
        state.pointee.ready.append(job)
        self.pendingCount.pointee.store(state.pointee.ready.count, ordering: .relaxed)
        let wake = self.wakeOne(&state.pointee)
        let start = !wake && self.mayStart(&state.pointee)
        self.state.unlock()
        if wake { cpenstock_wake(self.epoch, 1) }
        if start { self.startThread() }
    }

    /// Changes how many threads it may have, while it runs.
    ///
    /// More: threads start at once if there is work that waits for one, also behind jobs that block. Fewer: parked
    /// threads end at once, and running ones when their task suspends or ends, until there are not too many; until then
    /// there are more. What they would have run, those that stay do.
    ///
    /// - Parameter threads: The most threads it may have from now on, at least 1.
    package func setThreadsMax(_ threads: Int) {
        precondition(threads >= 1, "An executor needs at least one thread.")
        let state = self.state.lock()
        state.pointee.threadsMax = threads
        let isSurplus = state.pointee.threads > threads && state.pointee.parked > 0
        // All of the parked ones: each looks whether it is one too many, and parks again if not.
        if isSurplus { self.epoch.pointee.add(1, ordering: .relaxed) }
        let isWork = !state.pointee.ready.isEmpty
        let wake = isWork && self.wakeOne(&state.pointee)
        let start = isWork && !wake && self.mayStart(&state.pointee)
        self.state.unlock()
        if isSurplus { cpenstock_wake(self.epoch, Int32.max) } else if wake { cpenstock_wake(self.epoch, 1) }
        if start { self.startThread() }
    }

    /// Lets the threads end once nothing is left to run. What comes later still runs, on a thread that ends after it.
    package func shutdown() {
        self.state.withLock { $0.stopping = true }
        self.epoch.pointee.add(1, ordering: .sequentiallyConsistent)
        cpenstock_wake(self.epoch, Int32.max)
    }

    // MARK: - Private

    /// Decides whether a parked thread is to be woken. The epoch moves under the lock: who parks reads it there too.
    private func wakeOne(_ state: inout State) -> Bool {
        guard state.parked > state.waking else { return false }
        state.waking += 1
        self.epoch.pointee.add(1, ordering: .relaxed)
        return true
    }

    /// Decides whether to start a thread, and counts it: when nobody is parked who could come instead. A woken thread
    /// that leaves work behind asks again, because its job may block.
    private func mayStart(_ state: inout State) -> Bool {
        guard state.parked == 0, state.threads < state.threadsMax else { return false }
        state.threads += 1
        return true
    }

    private func startThread() {
        var thread = pthread_t(bitPattern: 0)
        let context = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(&thread, nil, threadMain, context)
        if failure == 0 {
            #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
            #else
            pthread_detach(thread)
            #endif
            return
        }
        Unmanaged<ThreadExecutor>.fromOpaque(context).release()
        // With others there is somebody to run the work, though later.
        let left = self.state.withLock { state in
            state.threads -= 1
            return state.threads
        }
        precondition(left > 0, "The system refused the first thread of \(self.name) (error \(failure)).")
    }

    fileprivate func run() {
        self.name.withCString { cpenstock_name_thread($0) }
        while let job = self.next() { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// The next task, or nil when the thread is to end. Parks while there is none.
    private func next() -> UnownedJob? {
        let state = self.state.lock()
        while true {
            if state.pointee.threads > state.pointee.threadsMax {
                // If it was woken for work, another takes that: the limit fell while this one counted as parked, so that
                // `setThreadsMax` has woken all the others too, and none parks while there is work.
                state.pointee.threads -= 1
                self.state.unlock()
                return nil
            }
            if !state.pointee.ready.isEmpty {
                let job = state.pointee.ready.removeFirst()
                self.pendingCount.pointee.store(state.pointee.ready.count, ordering: .relaxed)
                let isMore = !state.pointee.ready.isEmpty
                let wake = isMore && self.wakeOne(&state.pointee)
                let start = isMore && !wake && self.mayStart(&state.pointee)
                self.state.unlock()
                if wake { cpenstock_wake(self.epoch, 1) }
                if start { self.startThread() }
                return job
            }
            if state.pointee.stopping {
                state.pointee.threads -= 1
                self.state.unlock()
                return nil
            }
            state.pointee.parked += 1
            let key = self.epoch.pointee.load(ordering: .relaxed)
            self.state.unlock()
            cpenstock_wait(self.epoch, key)
            _ = self.state.lock()
            state.pointee.parked -= 1
            // One that had not slept yet may come instead of the one that was woken, or beside it.
            if state.pointee.waking > 0 { state.pointee.waking -= 1 }
        }
    }
}

#if canImport(Darwin)
private func threadMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadExecutor>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
#else
private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<ThreadExecutor>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
#endif

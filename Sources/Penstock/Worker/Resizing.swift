//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a pool that runs is told to stop taking, to go on, and to have more or fewer workers.
extension PoolStateMachine {
    /// Lets workers take no more jobs.
    mutating func pause() {
        switch self.phase {
        case .created, .running: self.isPaused = true
        // A drain goes on: pausing must not hold it.
        case .closed, .draining, .revoked, .finished: return
        }
        self.updateHungry()
    }

    /// Lets workers take jobs again.
    mutating func resume(effects: inout PoolEffects<Job>) {
        guard self.isPaused else { return }
        self.isPaused = false
        self.collectStages()
        self.wakeAllWorkers(&effects)
    }

    /// Changes how many workers there are to be.
    ///
    /// - Returns: The workers that are to be started.
    mutating func resize(to workers: Int, effects: inout PoolEffects<Job>) -> [Int] {
        switch self.phase {
        case .created, .running: break
        case .closed, .draining, .revoked, .finished: return []
        }
        self.limits.workers = workers
        self.limits.parallelism = min(workers, max(2, self.limits.processors))
        guard case .running = self.phase else {
            self.makeSlots(workers)
            return []
        }
        if self.liveWorkers > self.workersMax { self.wakeAllWorkers(&effects) }
        let started = self.startMissing()
        if !started.isEmpty { self.wakeWatch(&effects) }
        return started
    }

    /// How many workers there are to be, those included that stand in for stuck ones.
    @inlinable var workersMax: Int { self.limits.workers + self.replacements }

    /// Readies records for the workers that are missing, and says which.
    mutating func startMissing() -> [Int] {
        var started: [Int] = []
        while self.liveWorkers < self.workersMax {
            let index = self.freeSlot() ?? self.workerSlots
            self.makeSlots(index + 1)
            self.workers[index].phase = .active
            self.workers[index].hasLeft = false
            self.workers[index].takeSize = 1
            self.liveWorkers += 1
            started.append(index)
        }
        return started
    }

    // MARK: - Private

    /// A worker's record that can be used again: its loop has ended and has reported.
    private func freeSlot() -> Int? {
        (0..<self.workerSlots).first { index in
            switch self.workers[index].phase {
            case .exited: self.workers[index].taken == 0 && self.workers[index].hasLeft
            case .active, .parked, .abandoned: false
            }
        }
    }

    /// Sees to it that there are records enough.
    private mutating func makeSlots(_ count: Int) {
        guard count > self.workerSlots else { return }
        let slots = max(count, self.workerSlots * 2)
        let workers = UnsafeMutablePointer<WorkerRecord<Job>>.allocate(capacity: slots)
        workers.moveInitialize(from: self.workers, count: self.workerSlots)
        self.workers.deallocate()
        for index in self.workerSlots..<slots {
            (workers + index).initialize(to: WorkerRecord(batchMax: self.limits.batchMax))
            if self.table != nil { workers[index].keepTags(batchMax: self.limits.batchMax) }
            self.resultBuffers.append(nil)
            self.heldResults.append(0..<0)
        }
        self.workers = workers
        self.workerSlots = slots
        self.parked.reserveCapacity(slots)
    }
}

extension WorkerPool {
    /// Lets workers take no more jobs until ``resume()``.
    ///
    /// A worker ends the batch that it has begun: at most `batchMax` jobs, and only short ones come in batches. Jobs are
    /// still accepted, until the queue is full. A drain overrides it: the queued jobs run.
    public func pause() {
        self.core.queue.withLock { $0.pause() }
    }

    /// Lets workers take jobs again after ``pause()``.
    public func resume() {
        var effects = PoolEffects<Job>()
        let state = self.core.queue.lock()
        state.pointee.resume(effects: &effects)
        self.core.queue.unlock()
        self.core.perform(effects)
    }

    /// Whether workers take no jobs because of ``pause()``.
    public var isPaused: Bool { self.core.queue.withLock { $0.isPaused } }

    /// Changes how many workers there are, while they work.
    ///
    /// New workers begin at once. Of more than there are to be, the first ones that come for another batch end: no running
    /// job is disturbed. The number of threads follows. A pool that drains keeps its workers.
    ///
    /// - Parameter workers: How many workers there are to be, 1 to 10,000.
    public func resize(workers: Int) {
        let workersMax = WorkerPoolConfiguration.workersMax
        precondition((1...workersMax).contains(workers), "A pool has 1 to 10,000 workers, not \(workers).")
        self.core.resize(to: workers)
    }
}

extension PoolCore {
    func resize(to count: Int) {
        self.workers.withLock { workers in
            var effects = PoolEffects<Job>()
            let state = self.queue.lock()
            let started = state.pointee.resize(to: count, effects: &effects)
            let threads = self.threadCount(state.pointee)
            self.queue.unlock()
            self.threads?.setThreadsMax(threads)
            self.startWorkers(started, in: &workers)
            self.perform(effects)
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The durable queue of a run: stands between the sources and the queue of the workers.
///
/// Batches that gather while one transaction is under way are the next. What was written is settled as stored, and
/// goes on to the workers in order; a batch of which each event has its fate is removed along with a later write.
final class EventJournal: SettlementTaker {
    typealias Machine = JournalStateMachine<EventBatch>

    /// What a source hears that waits for room.
    enum Verdict: Sendable {
        case staged
        case refused
    }

    struct State: Sendable {
        var machine: Machine
        var waits: [UInt64: Channel<Verdict>] = [:]
        var ages = StoreAges()
        /// What the last attempt to write that failed has said.
        var failure = ""
    }

    let store: any DurableEventStore
    let counts: PipelineCounts
    let time: TimeSource
    private let tasks: LiveTasks
    let scribe: JournalScribe
    let state: Locked<State>
    let writerBell = Channel<Void>(capacity: 1)
    let feederBell = Channel<Void>(capacity: 1)
    private let fed = Channel<Void>(capacity: 1)
    private let packer = Locked(BatchPacker(pool: EventBufferPool()))
    /// Memory of what is read back.
    let buffers = EventBufferPool()
    let dropsNewest: Bool
    private let report: @Sendable (PenstockError) -> Void
    private let name: String
    private let pool = Locked<WorkerPool<Int, Void>?>(nil)

    /// Creates the queue of an open store.
    ///
    /// - Parameters:
    ///   - store: The store, and what is in it.
    ///   - description: What is run.
    ///   - scribe: Makes stored batches of batches, and batches of stored ones.
    ///   - counts: Where everything is counted.
    ///   - time: The clock of back-offs.
    ///   - tasks: The tasks of the pipeline.
    ///   - report: Told when the store breaks: the run ends.
    init(
        _ store: OpenStore,
        of description: PipelineDescription,
        scribe: JournalScribe,
        counts: PipelineCounts,
        time: TimeSource,
        tasks: LiveTasks,
        report: @escaping @Sendable (PenstockError) -> Void
    ) {
        let limits = Self.limits(description.queue, store.options)
        self.store = store.store
        self.counts = counts
        self.time = time
        self.tasks = tasks
        self.scribe = scribe
        var state = State(machine: Machine(limits: limits, contents: store.contents))
        state.ages.add(store.contents.batches, through: store.contents.lastNumber, at: time.now())
        self.state = Locked(state)
        self.dropsNewest = limits.whenFull == .dropNewest
        self.name = description.name
        self.report = report
        counts.recover(store.contents.events)
    }

    /// What a run's durable queue holds to.
    ///
    /// The store decides how much is kept. In memory wait what is staged, what is being written and what is ready:
    /// each as much as makes writing together worth while, and at most what the queue in memory may hold.
    static func limits(_ queue: QueueDescription, _ options: DurableQueueOptions) -> Machine.Limits {
        let memory = min(DurableQueueOptions.stageBytes, queue.bytes)
        return Machine.Limits(
            storedBytesMax: options.bytesMax,
            stagedBytesMax: min(memory, max(1, options.bytesMax / 4)),
            readyBytesMax: memory,
            whenFull: options.whenFull
        )
    }

    /// Events of batches that the store keeps.
    var leftCount: Int { self.state.withLock { $0.machine.stored.count } }

    /// The queue at an instant.
    func snapshot(at now: UInt64) -> StoreSnapshot {
        self.state.withLock { state in
            let machine = state.machine
            var snapshot = StoreSnapshot()
            snapshot.events = machine.stored.count
            snapshot.bytes = machine.stored.bytes
            snapshot.bytesMax = machine.limits.storedBytesMax
            snapshot.waiting = machine.unfedCount
            if machine.stored.count > 0, let oldest = state.ages.oldest, oldest < now {
                snapshot.oldestAge = .nanoseconds(Int64(clamping: now - oldest))
            }
            snapshot.isFull = machine.isFull
            snapshot.whenFull = machine.limits.whenFull
            snapshot.failure = machine.cannotWrite(at: now) ? state.failure : nil
            return snapshot
        }
    }

    // MARK: - Sources

    /// A batch in a shape that keeps no more memory than its own.
    func packed(_ batch: EventBatch) -> EventBatch {
        self.packer.withLock { $0.pack(batch) }
    }

    /// Takes a batch that was counted as offered, waiting while there is no room and the queue's policy is to wait.
    ///
    /// It is counted as accepted, and its receipt is told, when it is safe.
    func append(_ batch: EventBatch) async throws(PenstockError) {
        let bytes = batch.byteRange.count + JournalScribe.rowBytes
        let (admission, wait) = self.state.withLock { state in
            let admission = state.machine.append(batch, count: batch.count, bytes: bytes)
            guard case .waits(let id) = admission else { return (admission, Channel<Verdict>?.none) }
            let wait = Channel<Verdict>(capacity: 1)
            state.waits[id] = wait
            return (admission, wait)
        }
        switch admission {
        case .staged: self.ring(self.writerBell)
        case .waits(let id): if let wait { try await self.wait(wait, id) }
        case .full where self.dropsNewest:
            self.counts.drop(batch, DropReason.queueFull)
        case .full: throw PenstockError(.full, "The durable queue is full.")
        case .closed: throw PenstockError(.closed, "The pipeline takes no more events.")
        }
    }

    private func wait(_ wait: Channel<Verdict>, _ id: UInt64) async throws(PenstockError) {
        let verdict: Verdict?
        do {
            verdict = try await wait.receive()
        } catch {
            let isWithdrawn = self.state.withLock { state in
                state.waits[id] = nil
                return state.machine.withdraw(id)
            }
            guard isWithdrawn else { return }
            throw PenstockError(.cancelled, "The task was cancelled while the durable queue was full.")
        }
        if case .staged = verdict { return }
        throw PenstockError(.closed, "The pipeline takes no more events.")
    }

    // MARK: - The run

    /// Makes the pool that the writer runs in, which can leave it behind when the store hangs. To be called before
    /// ``run()``.
    func prepare() {
        var configuration = WorkerPoolConfiguration(name: "\(self.name)-store", workers: 1, capacity: 1)
        configuration.time = self.time
        configuration.tasks = self.tasks
        configuration.batchMax = 1
        // The store may block its thread.
        configuration.threads = .perWorker
        let pool = WorkerPool<Int, Void>(configuration) { _ in await self.write() }
        pool.trySubmit(0)
        self.pool.withLock { $0 = pool }
    }

    /// Writes and reads until ``finish()``.
    func run() async {
        guard let pool = self.pool.withLock({ $0 }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask("store", in: self.tasks) { _ = try? await pool.run() }
        }
    }

    /// Hands on what is stored, in order, until all of it was after ``endInput()``, or ``halt()``.
    ///
    /// - Parameter submit: Takes a batch, waiting while there is no place for it.
    func feed(_ submit: @Sendable (EventBatch) async throws(PenstockError) -> Void) async {
        defer { self.fed.finish() }
        while true {
            let (step, wantsRead) = self.state.withLock { ($0.machine.nextFeederStep(), $0.machine.wantsRead) }
            if wantsRead { self.ring(self.writerBell) }
            switch step {
            case .done: return
            case .wait:
                guard (try? await self.feederBell.receive()) != nil else { return }
            case .feed(let entry):
                self.counts.feed(entry.count)
                do throws(PenstockError) {
                    try await submit(entry.batch)
                } catch {
                    self.counts.unfeed(entry.count)
                    self.state.withLock { $0.machine.giveBack(entry.number) }
                }
            }
        }
    }

    /// The sources have come to their end: waits until all that is stored was handed on, or ``halt()``.
    func endInput() async {
        self.enter(.ending)
        for await _ in self.fed {}
    }

    /// Takes nothing more and hands nothing on; what is stored stays so.
    func halt() { self.enter(.halted) }

    /// Writes what is left to write, ends the store, and does not wait for it for ever.
    func finish() async {
        self.enter(.closing)
        if let pool = self.pool.withLock({ $0 }) {
            _ = await pool.drain(deadline: SourceGroup.grace, grace: SourceGroup.grace)
        }
        let (left, unfed) = self.state.withLock { ($0.machine.giveUp(), $0.machine.unfedCount) }
        for entry in left { self.counts.reject(entry.batch, RejectReason.storeFailing) }
        self.counts.leave(unfed)
    }

    /// Each event of a batch has its fate, or none in this run.
    func put(_ settlement: Settlement) {
        let number = Int64(bitPattern: settlement.batch)
        self.state.withLock { $0.machine.settle(number, isDone: settlement.stored == 0) }
        self.ring(self.writerBell)
        self.ring(self.feederBell)
    }

    // MARK: - Private

    /// A full channel: the bell has rung and was not heard yet.
    func ring(_ bell: Channel<Void>) { _ = bell.trySend(()) }

    private func enter(_ phase: Machine.Phase) {
        let refused = self.state.withLock { state in
            state.machine.enter(phase).compactMap { state.waits.removeValue(forKey: $0) }
        }
        for wait in refused { _ = wait.trySend(.refused) }
        self.ring(self.writerBell)
        self.ring(self.feederBell)
    }

    /// Ends the run: the store has broken.
    func fail(_ error: any Error) {
        let reason = (error as? PenstockError)?.message ?? "\(error)"
        let message = "The durable queue in \(self.store.name) failed: \(reason)."
        self.report(PenstockError(.inputOutput, message, underlyingError: error))
    }
}

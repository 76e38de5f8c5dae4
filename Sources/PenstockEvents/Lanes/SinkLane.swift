//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The way to one sink: a bounded queue, and writers that bring what is in it to the sink, on threads of their own.
///
/// The writers are the workers of a pool: one that never comes back from a write is abandoned by the pool's drain, and
/// holds up nothing.
final class SinkLane: Sendable {
    private struct State {
        var machine: SinkLaneStateMachine
        /// Offers that wait, and have their place in the machine.
        var offers: [Int: CheckedContinuation<SinkLaneStateMachine.Refusal?, Never>] = [:]
        /// Writers that wait; a wake means that they ask again.
        var writers: [Int: CheckedContinuation<SinkLaneStateMachine.Take, Never>] = [:]
        /// Offers whose task was cancelled before they waited.
        var withdrawn: Set<Int> = []
        var offersMade = 0
        /// How many writers have not begun, and how many have not ended.
        var writersMissing: Int
        var writersLeft: Int
    }

    private let name: String
    private let writer: LaneWriter
    private let time: TimeSource
    private let tasks: LiveTasks
    private let linger: Duration
    private let state: Locked<State>
    /// Rings when an event comes that others are waited for.
    private let lingerBell = Channel<Void>(capacity: 1)
    private let concurrency: Int
    private let pool: Locked<WorkerPool<Int, Void>?>

    init(name: String, options: SinkOptions, writer: LaneWriter, time: TimeSource, tasks: LiveTasks) {
        self.name = name
        self.tasks = tasks
        self.writer = writer
        self.time = time
        self.linger = options.linger
        self.concurrency = options.concurrency
        let limits = SinkLaneStateMachine.Limits(
            eventsMax: options.queueEventsMax,
            bytesMax: options.queueBytesMax,
            batchEventsMax: options.batchEventsMax,
            batchBytesMax: options.batchBytesMax,
            linger: options.linger.wholeNanoseconds
        )
        let writers = options.concurrency
        self.state = Locked(
            State(machine: SinkLaneStateMachine(limits), writersMissing: writers, writersLeft: writers)
        )
        self.pool = Locked(nil)
        var configuration = WorkerPoolConfiguration(
            name: name,
            workers: options.concurrency,
            capacity: options.concurrency
        )
        configuration.time = time
        configuration.tasks = tasks
        configuration.batchMax = 1
        // A write may block its thread.
        configuration.threads = .perWorker
        let pool = WorkerPool<Int, Void>(configuration) { number in await self.write(as: number) }
        // Before anything can end the lane: what it was given is written even if that comes first.
        for number in 0..<options.concurrency { pool.trySubmit(number) }
        // Lane and pool hold each other until the lane is finished.
        self.pool.withLock { $0 = pool }
    }

    /// The pieces in which events can be offered: none is larger than the whole lane, but for a single event that is.
    func pieces(of events: Events) -> [Events] {
        let limits = self.state.withLock { $0.machine.limits }
        if events.count <= limits.eventsMax, events.lines.count <= limits.bytesMax { return [events] }
        var pieces: [Events] = []
        var first = 0
        while first < events.count {
            var end = first
            var bytes = 0
            while end < events.count, end - first < limits.eventsMax {
                bytes += events.marks[end].length + 1
                if bytes > limits.bytesMax, end > first { break }
                end += 1
            }
            pieces.append(events.selecting(first..<end))
            first = end
        }
        return pieces
    }

    /// Whether nothing is on its way.
    var isIdle: Bool { self.state.withLock { $0.machine.isIdle } }

    /// Says in a snapshot how the lane is.
    func describe(into snapshot: inout SinkSnapshot) {
        let now = self.time.now()
        let (machine, waits) = self.state.withLock { ($0.machine, $0.machine.waits(now: now)) }
        snapshot.depth = machine.events
        snapshot.capacity = machine.limits.eventsMax
        snapshot.bytes = machine.bytes
        snapshot.bytesMax = machine.limits.bytesMax
        snapshot.oldestAge = .nanoseconds(Int64(clamping: waits.oldestAge))
        snapshot.workersWaiting = waits.offers
        snapshot.workersWaited = .nanoseconds(Int64(clamping: waits.waited))
        snapshot.writers = self.concurrency
    }

    /// Whether it takes events, but has no place for so many now.
    func isFull(for events: Int, bytes: Int) -> Bool {
        self.state.withLock { $0.machine.isFull(for: events, bytes: bytes) }
    }

    /// Runs the writers, until ``finish(deadline:)``.
    func run() async {
        guard let pool = self.pool.withLock({ $0 }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask(self.name, in: self.tasks) { _ = try? await pool.run() }
            await self.watchLinger()
        }
    }

    /// Offers events to the sink.
    ///
    /// - Parameters:
    ///   - segment: The events.
    ///   - waits: Whether to wait for a place. A wait ends when the task is cancelled.
    /// - Returns: Nil when they were taken, and why not otherwise.
    func offer(_ segment: LaneSegment, waits: Bool) async -> SinkLaneStateMachine.Refusal? {
        let now = self.time.now()
        let (number, offer, writer) = self.state.withLock { state in
            state.offersMade += 1
            let offer = state.machine.offer(segment, waitingAs: nil, now: now)
            return (state.offersMade, offer, Self.writer(wokenBy: offer, &state))
        }
        writer?.resume(returning: .wait)
        switch offer {
        case .taken, .waits:
            if self.linger > .zero { _ = self.lingerBell.trySend(()) }
            return nil
        case .refused(.closed): return .closed
        case .refused(.full):
            guard waits else { return .full }
            return await withDownstreamWait { await self.wait(as: number, with: segment) }
        }
    }

    /// Ends the lane: what it has is still written, until a deadline.
    ///
    /// - Returns: What was left in the lane.
    func finish(deadline: Duration) async -> [LanePart] {
        let now = self.time.now()
        self.wake { $0.finish(now: now) }
        self.lingerBell.finish()
        if let pool = self.pool.withLock({ $0 }) { _ = await pool.drain(deadline: deadline) }
        self.pool.withLock { $0 = nil }
        await self.closeUnlessBegun()
        var left: [LanePart] = []
        let end = self.time.now()
        self.wake { machine in
            let (parts, wakes) = machine.close(now: end)
            left = parts
            return wakes
        }
        return left
    }

    /// Brings the end of a lane nearer that is finishing.
    func hurry(deadline: Duration) async {
        if let pool = self.pool.withLock({ $0 }) { _ = await pool.drain(deadline: deadline) }
    }

    // MARK: - Private

    /// Ends the sink where no writer will: the run was over before they all could begin.
    private func closeUnlessBegun() async {
        let isLast = self.state.withLock { state in
            defer { state.writersMissing = 0 }
            state.writersLeft -= state.writersMissing
            return state.writersMissing > 0 && state.writersLeft == 0
        }
        guard isLast else { return }
        await runShortJob(self.name, time: self.time, tasks: self.tasks) { [writer] in await writer.close() }
    }

    private func wait(as number: Int, with segment: LaneSegment) async -> SinkLaneStateMachine.Refusal? {
        let refusal = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = self.time.now()
                let (offer, writer) = self.state.withLock {
                    state -> (SinkLaneStateMachine.Offer, CheckedContinuation<SinkLaneStateMachine.Take, Never>?) in
                    if state.withdrawn.contains(number) { return (.refused(.closed), nil) }
                    let offer = state.machine.offer(segment, waitingAs: number, now: now)
                    if case .waits = offer { state.offers[number] = continuation }
                    return (offer, Self.writer(wokenBy: offer, &state))
                }
                writer?.resume(returning: .wait)
                switch offer {
                case .taken:
                    if self.linger > .zero { _ = self.lingerBell.trySend(()) }
                    continuation.resume(returning: nil)
                case .waits: break
                case .refused(let refusal): continuation.resume(returning: refusal)
                }
            }
        } onCancel: {
            let now = self.time.now()
            let continuation = self.state.withLock { state in
                if state.machine.withdraw(number, now: now) { return state.offers.removeValue(forKey: number) }
                state.withdrawn.insert(number)
                return nil
            }
            continuation?.resume(returning: .closed)
        }
        _ = self.state.withLock { $0.withdrawn.remove(number) }
        return refusal
    }

    private static func writer(
        wokenBy offer: SinkLaneStateMachine.Offer,
        _ state: inout State
    ) -> CheckedContinuation<SinkLaneStateMachine.Take, Never>? {
        guard case .taken(let wake) = offer, let wake else { return nil }
        return state.writers.removeValue(forKey: wake)
    }

    /// Changes the lane, and wakes whom that concerns.
    private func wake(_ change: (inout SinkLaneStateMachine) -> SinkLaneStateMachine.Wakes) {
        let (taken, refused, writers) = self.state.withLock { state in
            let wakes = change(&state.machine)
            return (
                wakes.offers.compactMap { state.offers.removeValue(forKey: $0) },
                wakes.refused.compactMap { state.offers.removeValue(forKey: $0) },
                wakes.writers.compactMap { state.writers.removeValue(forKey: $0) }
            )
        }
        for offer in taken { offer.resume(returning: nil) }
        for offer in refused { offer.resume(returning: .closed) }
        for writer in writers { writer.resume(returning: .wait) }
    }

    /// What one writer does until there will be no work any more.
    private func write(as number: Int) async {
        self.state.withLock { $0.writersMissing -= 1 }
        while let work = await self.take(as: number) {
            // Another batch may be ready for another writer.
            self.wakeWriters()
            let isOn = await self.writer.write(work) { events, bytes in
                let now = self.time.now()
                self.wake { $0.release(events: events, bytes: bytes, now: now) }
            }
            if self.linger > .zero { _ = self.lingerBell.trySend(()) }
            if !isOn { break }
        }
        let isLast = self.state.withLock { state in
            state.writersLeft -= 1
            return state.writersLeft == 0
        }
        if isLast { await self.writer.close() }
    }

    private func take(as number: Int) async -> LaneWork? {
        while true {
            let take = await withCheckedContinuation { continuation in
                let now = self.time.now()
                let take = self.state.withLock { state -> SinkLaneStateMachine.Take? in
                    let take = state.machine.take(writer: number, now: now)
                    guard case .wait = take else { return take }
                    state.writers[number] = continuation
                    return nil
                }
                if let take { continuation.resume(returning: take) }
            }
            switch take {
            case .write(let work): return work
            case .end: return nil
            case .wait: continue
            }
        }
    }

    private func wakeWriters() {
        let now = self.time.now()
        self.wake { SinkLaneStateMachine.Wakes(writers: $0.wakeWriters(now: now)) }
    }

    /// Wakes a writer when events have waited long enough for others.
    private func watchLinger() async {
        while (try? await self.lingerBell.receive()) != nil {
            guard let end = self.state.withLock({ $0.machine.lingerEnd }) else { continue }
            guard (try? await self.time.sleep(until: end)) != nil else { return }
            self.wakeWriters()
        }
    }
}

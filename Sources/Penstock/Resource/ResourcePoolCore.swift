//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a resource pool and its leases share: the state behind its lock, the resources, and the user's closures.
//
// SAFETY: the state is behind the futex lock, whose waiters are those of the channel; the rest is constant, or locked by
// itself.
@usableFromInline
final class ResourcePoolCore<Resource: Sendable>: @unchecked Sendable {
    /// A closure to call, with what it is called for.
    enum Work {
        case create(slot: Int, serial: UInt64)
        case check(slot: Int, serial: UInt64, Resource)
        /// Without a slot that is still its own, the number says whose it was.
        case destroy(slot: Int, serial: UInt64, Resource)

        var serial: UInt64 {
            switch self {
            case .create(_, let serial), .check(_, let serial, _), .destroy(_, let serial, _): serial
            }
        }

        /// What its task is called.
        var name: String {
            switch self {
            case .create: "create"
            case .check: "check"
            case .destroy: "destroy"
            }
        }
    }

    /// The state machine, and the resources that are idle or leased, by their slots.
    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline var machine: ResourcePoolStateMachine
        @usableFromInline var resources: [Resource?]
        /// Those who wait for the pool's end.
        var finishWaiters: [TaskContinuation<Void>] = []
        /// The report of the drain, once there is one.
        var report: ResourceDrainReport?

        init(machine: consuming ResourcePoolStateMachine, maximum: Int) {
            self.machine = machine
            self.resources = Array(repeating: nil, count: maximum)
        }

        /// Adds to an order what it is about. A resource in the hands of a closure is not in the table.
        mutating func work(for order: ResourceOrder) -> Work {
            if order.kind == .create { return .create(slot: order.slot, serial: order.serial) }
            guard let resource = self.resources[order.slot].take() else {
                preconditionFailure("A resource that is checked or destroyed is there.")
            }
            return order.kind == .check
                ? .check(slot: order.slot, serial: order.serial, resource)
                : .destroy(slot: order.slot, serial: order.serial, resource)
        }
    }

    let configuration: ResourcePoolConfiguration
    @usableFromInline let time: TimeSource
    @usableFromInline let guarded: FutexLocked<State>
    private let create: @Sendable () async throws -> Resource
    private let check: (@Sendable (Resource) async -> Bool)?
    private let destroy: (@Sendable (Resource) async -> Void)?
    /// The tasks of closures, by the numbers of their resources. They belong to the pool and not to whoever runs it,
    /// because a closure that ignores cancellation must not hold `run()` and `drain` for ever.
    private let tasks = Locked<[UInt64: Task<Void, Never>]>([:])

    /// The pool's tasks that have not ended.
    let live: LiveTasks

    init(
        _ configuration: ResourcePoolConfiguration,
        create: @escaping @Sendable () async throws -> Resource,
        check: (@Sendable (Resource) async -> Bool)?,
        destroy: (@Sendable (Resource) async -> Void)?
    ) {
        let limits = ResourcePoolLimits(configuration, hasCheck: check != nil)
        let machine = ResourcePoolStateMachine(
            limits: limits,
            seed: configuration.seed ?? UInt64.random(in: 0 ... .max)
        )
        self.configuration = configuration
        self.time = configuration.time
        self.live = LiveTasks(time: configuration.time)
        self.guarded = FutexLocked(State(machine: machine, maximum: limits.maximum))
        self.create = create
        self.check = check
        self.destroy = destroy
    }

    deinit { self.guarded.destroy() }

    // MARK: - Life

    /// Starts the manager, unless the pool has ended before it ran.
    func start() throws(PenstockError) {
        let now = self.time.now()
        var effects = ResourceEffects()
        let state = self.guarded.lock()
        let isRepeated = state.pointee.machine.hasStarted
        let starts = state.pointee.machine.start(now: now, effects: &effects)
        self.guarded.unlock()
        self.perform(effects)
        if isRepeated {
            throw PenstockError(.alreadyRunning, "The pool \(self.configuration.name) has been run before.")
        }
        // Not the caller's child: it must live through the grace of a drain that begins when its caller is cancelled.
        if starts {
            _ = self.live.start("\(self.configuration.name)/manager", on: self.configuration.executor) {
                await self.manage()
            }
        }
    }

    /// Carries out what the state machine orders, until the pool has ended.
    private func manage() async {
        while true {
            var effects = ResourceEffects()
            let now = self.time.now()
            let state = self.guarded.lock()
            let turn = state.pointee.machine.turn(now: now, effects: &effects)
            let work = turn.orders.map { state.pointee.work(for: $0) }
            self.guarded.unlock()
            self.perform(effects)
            for work in work { self.start(work) }
            if !turn.cancels.isEmpty { self.cancel(turn.cancels) }
            let name = self.configuration.name
            for error in turn.hung { self.configuration.observer.creationFailed(error, pool: name) }
            for lease in turn.overdue { self.configuration.observer.leaseIsOverdue(lease, pool: name) }
            if turn.isFinished { return self.finish() }
            await self.park(until: turn.alarm)
        }
    }

    private func park(until alarm: UInt64) async {
        guard alarm < .max else { return await self.park() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await self.time.sleep(until: alarm)) != nil else { return }
                var effects = ResourceEffects()
                self.guarded.withLock { $0.machine.callManager(&effects) }
                self.perform(effects)
            }
            await self.park()
            group.cancelAll()
        }
    }

    private func park() async {
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            let isParked = self.guarded.withLock { $0.machine.park(continuation) }
            if !isParked { continuation.resume() }
        }
    }

    private func finish() {
        let now = self.time.now()
        let state = self.guarded.lock()
        state.pointee.report = state.pointee.machine.report(pool: self.configuration.name, now: now)
        let waiters = state.pointee.finishWaiters
        state.pointee.finishWaiters = []
        self.guarded.unlock()
        for waiter in waiters { waiter.resume() }
    }

    /// Closes the pool and sees to it that it ends by the deadline and its grace. A later call can only bring the end
    /// nearer.
    func beginDrain(deadline: Duration, grace: Duration) {
        let deadline = self.time.now().advanced(by: deadline)
        let end = deadline.advanced(by: grace)
        var effects = ResourceEffects()
        let hasEnded = self.guarded.withLock {
            $0.machine.beginDrain(deadline: deadline, end: end, effects: &effects)
        }
        self.perform(effects)
        if hasEnded { self.finish() }
    }

    /// Suspends until the pool has ended, and returns the drain's report.
    func waitForReport(onCancel grace: Duration) async -> ResourceDrainReport {
        await withTaskCancellationHandler {
            await withTaskContinuation { (continuation: TaskContinuation<Void>) in
                let hasFinished = self.guarded.withLock { state in
                    if state.report != nil { return true }
                    state.finishWaiters.append(continuation)
                    return false
                }
                if hasFinished { continuation.resume() }
            }
        } onCancel: {
            self.beginDrain(deadline: .zero, grace: grace)
        }
        let now = self.time.now()
        return self.guarded.withLock { state in
            state.report ?? state.machine.report(pool: self.configuration.name, now: now)
        }
    }

    // MARK: - Closures

    /// Wakes who is to be woken. Never under the lock.
    @usableFromInline
    func perform(_ effects: consuming ResourceEffects) {
        if let order = effects.late {
            let work = self.guarded.withLock { $0.work(for: order) }
            self.start(work)
        }
        effects.resume()
    }

    private func start(_ work: Work) {
        // Under the lock, so that the task cannot look for itself before it is there.
        self.tasks.withLock { tasks in
            tasks[work.serial] = self.live.start(
                "\(self.configuration.name)/\(work.name)",
                on: self.configuration.executor
            ) { await self.call(work) }
        }
    }

    private func cancel(_ serials: [UInt64]) {
        let tasks = self.tasks.withLock { tasks in serials.compactMap { tasks[$0] } }
        for task in tasks { task.cancel() }
    }

    private func call(_ work: Work) async {
        switch work {
        case .create(let slot, let serial):
            let outcome: Result<Resource, any Error>
            do {
                outcome = .success(try await self.create())
            } catch {
                outcome = .failure(error)
            }
            self.forget(serial)
            self.creationEnded(slot, serial, outcome)
        case .check(let slot, let serial, let resource):
            let isHealthy = await self.check?(resource) ?? true
            self.forget(serial)
            self.checkEnded(slot, serial, resource, isHealthy: isHealthy)
        case .destroy(let slot, let serial, let resource):
            await self.destroy?(resource)
            self.forget(serial)
            let now = self.time.now()
            var effects = ResourceEffects()
            self.guarded.withLock { $0.machine.destructionEnded(slot, serial, now: now, effects: &effects) }
            self.perform(effects)
        }
    }

    private func forget(_ serial: UInt64) {
        self.tasks.withLock { _ = $0.removeValue(forKey: serial) }
    }

    private func creationEnded(_ slot: Int, _ serial: UInt64, _ outcome: Result<Resource, any Error>) {
        let now = self.time.now()
        var effects = ResourceEffects()
        switch outcome {
        case .success(let resource):
            let state = self.guarded.lock()
            let late = state.pointee.machine.creationSucceeded(slot, serial, now: now, effects: &effects)
            if late == .no { state.pointee.resources[slot] = resource }
            self.guarded.unlock()
            self.perform(effects)
            if late == .yes { self.start(.destroy(slot: slot, serial: serial, resource)) }
        case .failure(let error):
            self.guarded.withLock { $0.machine.creationFailed(slot, serial, error, now: now, effects: &effects) }
            self.perform(effects)
            self.configuration.observer.creationFailed(error, pool: self.configuration.name)
        }
    }

    private func checkEnded(_ slot: Int, _ serial: UInt64, _ resource: Resource, isHealthy: Bool) {
        let now = self.time.now()
        var effects = ResourceEffects()
        let state = self.guarded.lock()
        let late = state.pointee.machine.checkEnded(
            slot,
            serial,
            isHealthy: isHealthy,
            now: now,
            effects: &effects
        )
        if late == .no { state.pointee.resources[slot] = resource }
        self.guarded.unlock()
        self.perform(effects)
        if late == .yes { self.start(.destroy(slot: slot, serial: serial, resource)) }
    }
}

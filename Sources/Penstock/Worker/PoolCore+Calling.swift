//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Jobs whose outcome somebody waits for.
extension PoolCore {
    /// Whether the current task belongs to one of the pool's own jobs.
    @usableFromInline var isNested: Bool { PoolNesting.isInside(self) }

    /// Offers a job and waits for its outcome.
    @inlinable
    func call(_ job: Job) async throws -> Output {
        let call = JobCall<Output>()
        if self.isNested {
            try await self.callNested(job, call)
        } else if case .accepted = self.admit(job, handle: call, countsRejection: false) {
        } else {
            try await self.submitSlow(job, handle: call, remaining: 1, acceptedCount: 0)
        }
        return try await self.outcome(of: call).get()
    }

    @usableFromInline
    func callNested(_ job: Job, _ call: OutcomeHandle<Output>) async throws(PenstockError) {
        // A pool that takes nothing any more says so, nested or not.
        guard self.queue.withLock({ $0.isAccepting }) else {
            self.reject(job, as: .closed)
            throw .closedPool(self.configuration.name)
        }
        guard self.limits.runsNestedInline else {
            self.reject(job, as: .nested)
            throw .nestedJob(self.configuration.name)
        }
        if await self.runInline(job, handle: call) { return }
        guard self.queue.withLock({ _ in call.isCancelled }) else {
            self.reject(job, as: .closed)
            throw .closedPool(self.configuration.name)
        }
        self.reject(job, as: .cancelled)
        throw .cancelledSubmit(self.configuration.name)
    }

    /// Waits for the outcome of an accepted job; cancels it when the waiting task is cancelled.
    @inlinable
    func outcome(of call: JobCall<Output>) async -> Result<Output, any Error> {
        await withTaskCancellationHandler {
            await withTaskContinuation { continuation in
                let result = self.queue.withLock { _ in call.wait(continuation) }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            self.cancel(call)
        }
    }

    /// Cancels an accepted job: one that is queued leaves its place at once, one that runs has its task cancelled.
    @usableFromInline
    func cancel(_ handle: JobHandle) {
        let now = self.time.now()
        var effects = PoolEffects<Job>()
        let state = self.queue.lock()
        let wasQueued = state.pointee.cancelQueued(handle, now: now, effects: &effects)
        let cancelling = wasQueued ? .nothing : handle.cancel()
        self.queue.unlock()
        self.perform(effects)
        self.finish(cancelling, handle)
    }

    /// Does what is left to do for one who has cancelled a job.
    func finish(_ cancelling: JobHandle.Cancelling, _ handle: JobHandle) {
        switch cancelling {
        case .nothing: break
        case .revoked: self.fail(handle, .cancelled)
        case .cancel(let task):
            task.cancel()
            self.queue.withLock { _ in handle.hasCancelled() }?.resume()
        }
    }

    /// Runs a job: in a task of its own, if there is somebody who may cancel it.
    @inlinable
    func run(_ job: Job, for handle: JobHandle?) async -> Result<Output, any Error> {
        if let handle { return await self.supervise(handle, job) }
        do {
            return .success(try await self.runOne(job))
        } catch {
            return .failure(error)
        }
    }

    /// Runs a job in a task of its own, which ``cancel(_:)`` reaches.
    @inlinable
    func supervise(_ handle: JobHandle, _ job: Job) async -> Result<Output, any Error> {
        async let result = self.runSupervised(handle, job)
        return await result
    }

    @inlinable
    func runSupervised(_ handle: JobHandle, _ job: Job) async -> Result<Output, any Error> {
        self.taskBegins(handle)
        let result = await self.run(job, for: nil)
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            if self.queue.withLock({ _ in handle.taskEnds(continuation) }) { continuation.resume() }
        }
        return result
    }

    @usableFromInline
    func taskBegins(_ handle: JobHandle) {
        withUnsafeCurrentTask { task in
            guard let task else { return }
            if self.queue.withLock({ _ in handle.taskBegins(task) }) { task.cancel() }
        }
    }

    /// Runs one job with whatever handler there is.
    @inlinable
    func runOne(_ job: Job) async throws -> Output {
        switch self.handler {
        case .job(let handler): try withUnsafePointer(to: job) { try handler($0) }
        case .asyncJob(let handler): try await handler(job)
        case .batch(let handler): try await self.runOne(job, handler)
        }
    }

    @usableFromInline
    func runOne(
        _ job: Job,
        _ handler: (borrowing Span<Job>, inout BatchOutcomes<Output>) async throws -> Void
    ) async throws -> Output {
        let place = UnsafeMutablePointer<Job>.allocate(capacity: 1)
        place.initialize(to: job)
        defer {
            place.deinitialize(count: 1)
            place.deallocate()
        }
        var outcomes = BatchOutcomes<Output>(capacityMax: 1)
        outcomes.begin(1)
        try await handler(UnsafeBufferPointer(start: place, count: 1).span, &outcomes)
        guard outcomes.count == 1 else { throw PenstockError.missingOutcome() }
        return try outcomes.results[0].get()
    }

    /// Hands a job's outcome to whoever waits for it.
    @inlinable
    func resolve(_ handle: JobHandle, _ result: Result<Output, any Error>) {
        let call = unsafeDowncast(handle, to: OutcomeHandle<Output>.self)
        if self.queue.withLock({ _ in call.resolve(result) }) { call.wake() }
    }
}

extension WorkerPool {
    /// Gives a job to the pool and waits for its own output.
    ///
    /// Its output goes to the caller only, not to the pool's results; its failure is counted, and told to the observer, as
    /// any other. While the queue is full it waits as ``submit(_:)`` does, or what the overflow policy says.
    ///
    /// Cancelling it frees the job's place in the queue at once. A job that runs already has its task cancelled, and the
    /// call returns what the job then returns or throws. A batch handler's job that has begun runs to its end.
    ///
    /// It costs an allocation. With a handler of single jobs each call also runs in a child task of its own, which costs two
    /// more and some microseconds: that is what cancelling it alone takes.
    ///
    /// - Returns: What the handler returned.
    /// - Throws: What the handler threw. Or a ``PenstockError``: as ``submit(_:)`` when the job was not accepted;
    ///   `cancelled`, `expired` or `shed` when it was ended before it began; `returned` or `abandoned` when a drain ended it;
    ///   `nestedSubmission` when a job calls its own pool.
    @inlinable
    public func call(_ job: Job) async throws -> Output {
        try await self.core.call(job)
    }
}

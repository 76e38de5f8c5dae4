//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Jobs that are waited for together; see ``WorkerPool/withGroup(onFailure:_:)``.
///
/// It remembers each of its jobs until the group ends, so its memory is bounded by them.
public final class JobGroup<Job: Sendable, Output: Sendable>: Sendable {
    let core: PoolCore<Job, Output>
    /// Whether it was made by a job of the pool, which must not wait for others.
    private let isNested: Bool
    private let state: Locked<JobGroupStateMachine<GroupMember<Job, Output>, Output>>

    init(_ core: PoolCore<Job, Output>, cancelsRest: Bool) {
        self.core = core
        self.isNested = core.isNested
        self.state = Locked(JobGroupStateMachine(cancelsRest: cancelsRest))
    }

    /// Whether the group takes no more jobs: one has failed under ``GroupFailurePolicy/cancelRest``, ``cancelAll()`` was
    /// called, or the task around the group was cancelled.
    public var isCancelled: Bool { self.state.withLock { $0.isStopped } }

    /// Gives a job to the pool as part of the group, and waits while the queue is full.
    ///
    /// Other tasks may call it too, jobs of the group among them; what waits here wakes when the group is cancelled. A
    /// submit that throws has not enqueued its job, and the job is none of the group's.
    ///
    /// - Throws: Why the group was cancelled: the error of the job that has failed first, or `cancelled`. `closed` when the
    ///   group has ended. Otherwise as ``WorkerPool/submit(_:)``, and `nestedSubmission` in a group that a job of the pool
    ///   has made.
    public func submit(_ job: Job) async throws {
        let member = GroupMember(self)
        guard self.enroll(member) else { throw self.refuse(job) }
        do throws(PenstockError) {
            if self.isNested {
                try await self.core.callNested(job, member)
            } else {
                try await self.core.submit(job, for: member)
            }
        } catch {
            self.state.withLock { $0.refuse(member.number) }
            self.act()
            if error.code == .cancelled, case .stopped(let reason) = self.state.withLock({ $0.refusal }) {
                throw reason
            }
            throw error
        }
    }

    /// Cancels the group: its queued jobs leave the queue at once, its running ones have their task cancelled, and it takes
    /// no more. From anywhere, a job of the group included.
    ///
    /// Unless all jobs return an output all the same, ``WorkerPool/withGroup(onFailure:_:)`` then throws `cancelled`, once
    /// all have ended; under ``GroupFailurePolicy/goOn`` it returns what became of each. Cancelling again does nothing.
    public func cancelAll() {
        self.stop(
            PenstockError(.cancelled, "The group of jobs in the pool \(self.core.configuration.name) was cancelled.")
        )
    }

    // MARK: - Internal

    func stop(_ reason: any Error) {
        self.state.withLock { $0.stop(reason) }
        self.act()
    }

    /// Suspends until every job has its end.
    func waitUntilEnded() async {
        await withTaskContinuation { (continuation: TaskContinuation<Void>) in
            if !self.state.withLock({ $0.wait(continuation) }) { continuation.resume() }
        }
    }

    func outcome() -> (results: [Result<Output, any Error>], reason: (any Error)?) {
        self.state.withLock { $0.outcome() }
    }

    /// Notes what became of a job. True: ``act()`` is to be called, outside of the queue's lock.
    func settle(_ number: Int, _ result: Result<Output, any Error>) -> Bool {
        self.state.withLock { $0.settle(number, result) }
    }

    /// Cancels whoever is to be cancelled, the youngest first, and resumes the one who waits for the end.
    func act() {
        let (members, waiter) = self.state.withLock { $0.takeActions() }
        for member in members.reversed() { self.core.cancel(member) }
        waiter?.resume()
    }

    // MARK: - Private

    private func enroll(_ member: GroupMember<Job, Output>) -> Bool {
        self.state.withLock { state in
            guard let number = state.enroll(member) else { return false }
            member.number = number
            return true
        }
    }

    /// Counts a job that the group does not take, and says why.
    private func refuse(_ job: Job) -> any Error {
        switch self.state.withLock({ $0.refusal }) {
        case .stopped(let reason):
            self.core.reject(job, as: .cancelled)
            return reason
        case .ended, .none:
            self.core.reject(job, as: .closed)
            let name = self.core.configuration.name
            return PenstockError(.closed, "The group of jobs in the pool \(name) has ended and takes no more.")
        }
    }
}

/// One job of a group.
//
// SAFETY: as its superclass; `number` is set once, before anybody else has the member.
final class GroupMember<Job: Sendable, Output: Sendable>: OutcomeHandle<Output>, @unchecked Sendable {
    private let group: JobGroup<Job, Output>
    /// Which of the group's jobs it is.
    fileprivate(set) var number = 0
    /// Where its submit waits for a place.
    var waiter: Waiter<Job>?
    /// Whether the pool has the job, as far as its submit knows.
    var isAccepted = false

    init(_ group: JobGroup<Job, Output>) {
        self.group = group
        super.init()
    }

    override func resolve(_ result: Result<Output, any Error>) -> Bool { self.group.settle(self.number, result) }

    override func wake() { self.group.act() }
}

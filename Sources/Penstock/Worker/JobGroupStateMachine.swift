//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a group of jobs knows of them: a plain value, under the group's lock.
struct JobGroupStateMachine<Member, Output> {
    /// How far a group is.
    enum Phase {
        /// Takes jobs. Can transition to: `stopped`, `ended`.
        case open
        /// Takes no more, for this reason; those that it has are cancelled. Can transition to: `ended`.
        case stopped(any Error)
        /// Its body has returned and every job has its end; this is why it was stopped, if it was. Final.
        case ended((any Error)?)
    }

    /// What became of a job that was offered.
    enum Place {
        /// It is offered, queued or running. Can transition to: `ended`, `refused`.
        case pending(Member)
        /// It has ended. Final.
        case ended(Result<Output, any Error>)
        /// The pool has not accepted it: it is no job of the group's. Final.
        case refused
    }

    private let cancelsRest: Bool
    private(set) var phase = Phase.open
    private var places: [Place] = []
    private var pending = 0
    /// Whether members are still to be cancelled.
    private var isStopDue = false
    private var waiter: TaskContinuation<Void>?

    init(cancelsRest: Bool) { self.cancelsRest = cancelsRest }

    /// Why no job is taken any more; nil while the group takes some.
    var refusal: Refusal? {
        switch self.phase {
        case .open: nil
        case .stopped(let reason): .stopped(reason)
        case .ended: .ended
        }
    }

    /// Why a group takes no job.
    enum Refusal {
        case stopped(any Error)
        case ended
    }

    var isStopped: Bool {
        switch self.phase {
        case .stopped, .ended(.some): true
        case .open, .ended(.none): false
        }
    }

    /// Notes a job that is about to be offered.
    ///
    /// - Returns: Its number; nil when the group takes none: see ``refusal``.
    mutating func enroll(_ member: Member) -> Int? {
        guard case .open = self.phase else { return nil }
        self.places.append(.pending(member))
        self.pending += 1
        return self.places.count - 1
    }

    /// Notes that a job was not accepted.
    mutating func refuse(_ number: Int) {
        guard case .pending = self.places[number] else { return }
        self.places[number] = .refused
        self.endOne()
    }

    /// Notes what became of a job; only the first outcome counts.
    ///
    /// - Returns: Whether ``takeActions()`` has something to do.
    mutating func settle(_ number: Int, _ result: Result<Output, any Error>) -> Bool {
        guard case .pending = self.places[number] else { return false }
        self.places[number] = .ended(result)
        if self.cancelsRest, case .failure(let error) = result { self.stop(error) }
        self.endOne()
        return self.isStopDue || self.hasEnded
    }

    /// Takes no more jobs, and has those that have not ended cancelled. Only the first reason counts.
    mutating func stop(_ reason: any Error) {
        guard case .open = self.phase else { return }
        self.phase = .stopped(reason)
        self.isStopDue = true
    }

    /// The body has returned. False: every job has its end already, and nobody needs to wait.
    mutating func wait(_ continuation: TaskContinuation<Void>) -> Bool {
        precondition(self.waiter == nil, "A group's end is waited for once.")
        guard self.pending > 0 else {
            self.end()
            return false
        }
        self.waiter = continuation
        return true
    }

    /// What is to be done outside of the lock: cancel these, then resume.
    mutating func takeActions() -> (cancel: [Member], resume: TaskContinuation<Void>?) {
        var members: [Member] = []
        if self.isStopDue {
            self.isStopDue = false
            for place in self.places {
                if case .pending(let member) = place { members.append(member) }
            }
        }
        guard self.hasEnded else { return (members, nil) }
        defer { self.waiter = nil }
        return (members, self.waiter)
    }

    /// What became of the jobs, in the order in which they were submitted, and why the group was stopped, if it was.
    func outcome() -> (results: [Result<Output, any Error>], reason: (any Error)?) {
        let results = self.places.compactMap { place -> Result<Output, any Error>? in
            if case .ended(let result) = place { return result }
            return nil
        }
        if case .ended(let reason) = self.phase { return (results, reason) }
        return (results, nil)
    }

    // MARK: - Private

    private var hasEnded: Bool {
        if case .ended = self.phase { return true }
        return false
    }

    private mutating func endOne() {
        self.pending -= 1
        if self.pending == 0, self.waiter != nil { self.end() }
    }

    private mutating func end() {
        switch self.phase {
        case .open: self.phase = .ended(nil)
        case .stopped(let reason): self.phase = .ended(reason)
        case .ended: return
        }
    }
}

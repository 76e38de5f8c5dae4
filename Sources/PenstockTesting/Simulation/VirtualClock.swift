//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// A clock that stands still until it is moved, for tests that must not wait.
///
/// Hand ``time`` to whatever measures or waits. In a ``Simulation`` the clock jumps to the next sleeper when nothing else
/// can run; elsewhere a test moves it with ``advance(by:)``.
public final class VirtualClock: Sendable {
    private struct Sleeper {
        let id: UInt64
        let until: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: UInt64
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        /// How far each look at the clock moves it, at most; and by which chance.
        var drift: UInt64 = 0
        var generator = SeededGenerator(seed: 0)
    }

    private let state: Locked<State>

    /// Creates a clock.
    ///
    /// - Parameter now: Where it stands, in nanoseconds.
    public init(now: UInt64 = 1_000_000_000) {
        self.state = Locked(State(now: now))
    }

    /// Lets each look at the clock move it by a random time, as real time passes between two looks.
    func drift(upTo nanoseconds: UInt64, seed: UInt64) {
        self.state.withLock { state in
            state.drift = nanoseconds
            state.generator = SeededGenerator(seed: seed)
        }
    }

    /// The clock as a source of time.
    public var time: TimeSource {
        TimeSource(manual: TimeSource.Manual(now: { self.now() }, sleepUntil: { try await self.sleep(until: $0) }))
    }

    /// How many tasks sleep.
    public var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    /// Moves the clock, and wakes whoever has slept long enough, in order.
    public func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            return Self.takeDue(&state)
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves the clock to the next sleeper and wakes it. False when nobody sleeps.
    func advanceToNextSleeper() -> Bool {
        let due = self.state.withLock { state in
            guard let next = state.sleepers.map(\.until).min() else { return [Sleeper]() }
            state.now = max(state.now, next)
            return Self.takeDue(&state)
        }
        for sleeper in due { sleeper.continuation.resume() }
        return !due.isEmpty
    }

    // MARK: - Private

    private func now() -> UInt64 {
        self.state.withLock { state in
            if state.drift > 0 { state.now += state.generator.next() % (state.drift + 1) }
            return state.now
        }
    }

    private static func takeDue(_ state: inout State) -> [Sleeper] {
        let due = state.sleepers.filter { $0.until <= state.now }.sorted { ($0.until, $0.id) < ($1.until, $1.id) }
        state.sleepers.removeAll { $0.until <= state.now }
        return due
    }

    private func sleep(until instant: UInt64) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if instant <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, until: instant, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
        _ = self.state.withLock { $0.cancelled.remove(id) }
    }
}

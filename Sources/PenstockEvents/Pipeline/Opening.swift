//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Opens sinks and sources of the user's own, one after another, and waits for none of them for ever.
///
/// Each is opened in a job of a pool, whose thread it may block. One that does not come back is left behind; when it comes
/// back after all it is closed.
final class Opening: Sendable {
    /// What is opened.
    struct Part: Sendable {
        /// The error of a run that cannot start because of it.
        var failure: @Sendable (any Error) -> PipelineProblem
        var open: @Sendable () async throws -> Void
        var close: @Sendable () async -> Void
    }

    /// How it went.
    enum End: Sendable {
        /// All are open.
        case open
        /// One could not be opened, and the others are closed.
        case failed(PipelineProblem)
        /// It was ordered to stop, and all are closed.
        case ordered
    }

    /// What came of one.
    private enum Outcome: Sendable {
        case open
        case failed(any Error)
        case late
        case ordered
        /// Nobody waits for it any more.
        case left
    }

    private let name: String
    private let parts: [Part]
    private let time: TimeSource
    private let timeMax: Duration
    private let tasks: LiveTasks
    private let isOver = Locked(false)

    /// Creates what opens parts.
    ///
    /// - Parameters:
    ///   - name: The name of the pipeline.
    ///   - parts: What to open, in order.
    ///   - time: The clock of the limit.
    ///   - timeMax: How long each may take.
    ///   - tasks: The tasks of the pipeline.
    init(_ name: String, _ parts: [Part], time: TimeSource, timeMax: Duration, tasks: LiveTasks) {
        self.name = name
        self.parts = parts
        self.time = time
        self.timeMax = timeMax
        self.tasks = tasks
    }

    /// Opens all, or none.
    ///
    /// - Parameter order: Ends when it is time to stop.
    func run(until order: Channel<Void>) async -> End {
        guard !self.parts.isEmpty else { return .open }
        var configuration = WorkerPoolConfiguration(name: "\(self.name)-open", workers: 1, capacity: 1)
        configuration.time = self.time
        configuration.tasks = self.tasks
        configuration.batchMax = 1
        // It may block its thread.
        configuration.threads = .perWorker
        let pool = WorkerPool<Int, Outcome>(configuration) { await self.open(self.parts[$0]) }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask("opening", in: self.tasks) { _ = try? await pool.run() }
            let end = await self.openAll(in: pool, until: order)
            _ = await pool.drain(deadline: .zero, grace: SourceGroup.grace)
            return end
        }
    }

    /// Closes what is open.
    func close() async {
        for part in self.parts { await part.close() }
    }

    // MARK: - Private

    private func openAll(in pool: WorkerPool<Int, Outcome>, until order: Channel<Void>) async -> End {
        for (place, part) in self.parts.enumerated() {
            let end: End
            switch await self.outcome(of: place, in: pool, until: order) {
            case .open: continue
            case .failed(let error): end = .failed(part.failure(error))
            case .late: end = .failed(part.failure(LateOpening(timeMax: self.timeMax)))
            case .ordered, .left: end = .ordered
            }
            for other in self.parts[..<place] { await other.close() }
            return end
        }
        return .open
    }

    /// Opens one, unless it takes too long or an order comes.
    private func outcome(
        of place: Int,
        in pool: WorkerPool<Int, Outcome>,
        until order: Channel<Void>
    ) async -> Outcome {
        await withTaskGroup(of: Outcome.self) { group in
            group.addTask { (try? await pool.call(place)) ?? .left }
            group.addTask {
                do {
                    try await self.time.sleep(for: self.timeMax)
                    return .late
                } catch {
                    return .left
                }
            }
            group.addTask {
                for await _ in order {}
                return .ordered
            }
            let first = await group.next() ?? .left
            switch first {
            case .open, .failed: break
            case .late, .ordered, .left:
                self.isOver.withLock { $0 = true }
                // Cancels it, and leaves it behind if it does not care.
                _ = await pool.drain(deadline: .zero, grace: SourceGroup.grace)
            }
            group.cancelAll()
            for await other in group {
                // It was ready in the same moment.
                if case .open = other { await self.parts[place].close() }
            }
            return first
        }
    }

    private func open(_ part: Part) async -> Outcome {
        do {
            try await part.open()
        } catch {
            return .failed(error)
        }
        guard self.isOver.withLock({ $0 }) else { return .open }
        await part.close()
        return .left
    }
}

/// Something was not ready in time.
private struct LateOpening: Error, CustomStringConvertible {
    let timeMax: Duration

    var description: String { "it was not ready within \(self.timeMax)" }
}

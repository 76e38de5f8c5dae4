//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting

/// Callers that wait for their own job's output and are cancelled at any moment, beside producers that do not wait, and a
/// drain at any moment: each call returns once, with what became of its job, and a place that is freed goes to the
/// producer that has waited longest.
struct CallsScenario: Sendable {
    /// What a caller has got.
    private enum Answer: Equatable {
        case output, failure, cancellation
        case code(PenstockError.Code)
    }

    private let simulation: Simulation
    private let fates: JobFates
    private let answers = Locked<[Int: Answer]>([:])
    private let pool: WorkerPool<Int, Int>
    private let isRead: Bool

    init(simulation: Simulation) {
        self.simulation = simulation
        let isBatch = simulation.oneIn(4)
        var configuration = simulation.configuration(
            workers: simulation.random(in: 1...3),
            capacity: simulation.random(in: 1...5)
        )
        configuration.batchMax = [1, 2, 64][simulation.random(in: 0...2)]
        if simulation.oneIn(4) { configuration.queueTimeMax = .microseconds(simulation.random(in: 1...5_000)) }
        if simulation.oneIn(3) {
            let policies: [OverflowPolicy] = [.reject, .dropNewest, .dropOldest, .callerRuns]
            configuration.overflow = policies[simulation.random(in: 0...3)]
        }
        if !isBatch {
            if simulation.oneIn(6) { configuration.jobTimeout = .milliseconds(simulation.random(in: 1...10)) }
            if simulation.oneIn(3) {
                configuration.retry = RetryPolicy(attemptsMax: simulation.random(in: 1...3))
                configuration.retry?.backoffInitial = .milliseconds(simulation.random(in: 0...5))
                configuration.retry?.budgetBurst = simulation.random(in: 1...10)
            }
        }
        let fates = JobFates(
            simulation: simulation,
            canStick: simulation.oneIn(4),
            attemptsMax: configuration.retry?.attemptsMax ?? 1
        )
        self.fates = fates
        self.isRead = simulation.oneIn(3)
        let results: ResultsPolicy<Int> = self.isRead ? .channel(capacity: simulation.random(in: 1...3)) : .discard
        if isBatch {
            self.pool = WorkerPool(configuration, results: results, onDrop: fates.drop) { jobs, outcomes in
                for index in jobs.indices { fates.begin(jobs[index]) }
                for index in jobs.indices {
                    do {
                        outcomes.append(try await fates.finish(jobs[index]))
                    } catch {
                        outcomes.append(failure: error)
                    }
                }
            }
        } else {
            self.pool = WorkerPool(configuration, results: results, onDrop: fates.drop) { try await fates.run($0) }
        }
        simulation.watch(self.pool, beside: configuration.retry == nil ? 0 : 100)
    }

    func run() async throws {
        try await FreedPlaceScenario(simulation: self.simulation).run()
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await self.pool.run() }
            if self.isRead { group.addTask { for await _ in self.pool.results {} } }
            let report = await withTaskGroup(of: Void.self) { producers in
                for index in 0..<self.simulation.random(in: 1...4) {
                    producers.addTask { await self.produce(index) }
                }
                if !self.fates.canStick, self.simulation.oneIn(2) { await producers.waitForAll() }
                for _ in 0..<self.simulation.random(in: 0...60) { await self.simulation.pause() }
                let report = await self.pool.drain(
                    deadline: .milliseconds(self.simulation.random(in: 0...20)),
                    grace: .milliseconds(self.simulation.random(in: 0...3))
                )
                self.fates.release()
                await producers.waitForAll()
                return report
            }
            try await group.waitForAll()
            return report
        }
        self.judge(report)
    }

    // MARK: - Private

    private func produce(_ index: Int) async {
        for number in 0..<self.simulation.random(in: 0...8) {
            let job = 1 + index * 100 + number
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.offer(job) }
                guard self.simulation.oneIn(2) else { return }
                for _ in 0..<self.simulation.random(in: 0...20) { await self.simulation.pause() }
                if self.simulation.oneIn(3) {
                    try? await self.simulation.time.sleep(for: .microseconds(self.simulation.random(in: 0...6_000)))
                }
                group.cancelAll()
            }
        }
    }

    private func offer(_ job: Int) async {
        if self.simulation.oneIn(4) {
            do throws(PenstockError) {
                try await self.pool.submit(job)
                self.fates.accept([job])
            } catch {}
            return
        }
        let answer: Answer
        do {
            let output = try await self.pool.call(job)
            self.simulation.expect(output == -job, "a call for \(job) got \(output)")
            answer = .output
        } catch let failure as JobFates.Failure {
            self.simulation.expect(failure.job == job, "a call for \(job) got the failure of \(failure.job)")
            answer = .failure
        } catch let error as PenstockError {
            answer = .code(error.code)
        } catch {
            answer = .cancellation
        }
        self.answers.withLock { $0[job] = answer }
    }

    private func judge(_ report: DrainReport<Int, Int>) {
        let returned = Set(report.returned)
        let abandoned = Set(report.abandoned.map(\.job))
        for (job, answer) in self.answers.withLock({ $0 }) {
            let reason = self.fates.reason(for: job)
            let isRight: Bool
            switch answer {
            case .output, .failure, .cancellation, .code(.timedOut):
                // A caller that ran its job itself has its output, though the drain did not wait for it.
                isRight = reason == nil && !returned.contains(job)
                self.fates.accept([job])
            case .code(.cancelled):
                // Before it was accepted, while it was queued, or just before it was returned.
                isRight = reason == nil || reason == .cancelled
                self.fates.cancel(job)
            case .code(let code):
                isRight = self.expectedCodes(job, reason, returned, abandoned).contains(code)
                if ![.closed, .full, .tooLarge].contains(code) { self.fates.accept([job]) }
            }
            self.simulation.expect(
                isRight,
                "job \(job) is dropped \(reason?.description ?? "not"), its caller got \(answer)"
            )
        }
        self.fates.judge(report)
    }

    private func expectedCodes(
        _ job: Int,
        _ reason: DropReason?,
        _ returned: Set<Int>,
        _ abandoned: Set<Int>
    ) -> [PenstockError.Code] {
        if returned.contains(job) { return [.returned] }
        if abandoned.contains(job) { return [.abandoned] }
        switch reason {
        case nil: return [.closed, .full]
        case DropReason.expired?: return [.expired]
        case DropReason.cancelled?: return [.cancelled]
        case _?: return [.shed]
        }
    }
}

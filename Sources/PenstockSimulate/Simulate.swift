//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import Penstock
import PenstockTesting

/// Runs Penstock's own channel and pools under many seeds.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "penstock-simulate",
        abstract: "Runs Penstock's channel and pools under many seeds, one order of steps a seed.",
        discussion: """
            Each seed runs every scenario. A failure prints its scenario and seed; --first SEED --seeds 1 replays it.
            """
    )

    @Option(help: "How many seeds to run.")
    var seeds: UInt64 = 100_000

    @Option(help: "The first seed.")
    var first: UInt64 = 1

    @Option(help: "The scenario to run: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")), or all.")
    var scenario: Scenario?

    func run() throws {
        for scenario in self.scenario.map({ [$0] }) ?? Scenario.allCases {
            let start = ContinuousClock.now
            do {
                let summary = try Simulation.run(seeds: self.first..<(self.first + self.seeds), scenario.body)
                print("\(scenario): \(summary.runs) seeds, \(summary.steps) steps, \(ContinuousClock.now - start)")
            } catch {
                print("\(scenario): FAILED: \(error)")
                print("replay: penstock-simulate --scenario \(scenario) --first \(error.seed) --seeds 1")
                throw ExitCode.failure
            }
        }
    }
}

/// A piece of Penstock with what surrounds it, to be run under many seeds.
enum Scenario: String, CaseIterable, ExpressibleByArgument {
    /// Senders and receivers of one channel, some of them cancelled.
    case channel
    /// Senders, receivers and producers that nobody serves: cancelling them is what ends their wait.
    case cancellation
    /// Producers, workers and readers of one pool, and a drain in the middle.
    case pool
    /// Callers that wait for their job's output and are cancelled at any moment, and a drain.
    case calls
    /// Each policy for a full queue, expiry, shedding, a rate and retries, and a drain.
    case overload
    /// A pool that is paused, resumed and resized under load, with stuck jobs and workers that replace them, and a drain.
    case resizing
    /// Jobs that give jobs to their own pool, directly and by way of another.
    case nesting
    /// Each discipline: its order, its shares, and keys that never overlap.
    case scheduling
    /// Groups of jobs that fail, cancel their group and add to it, under every overflow policy, and a drain.
    case group
    /// Producers and a reader of ordered results, jobs that fail and are tried again, expire and are shed, and a drain.
    case order
    /// Users of one resource pool whose resources fail, hang, break and grow old, and a drain.
    case resource

    var body: @Sendable (Simulation) async throws -> Void {
        switch self {
        case .channel: { try await ChannelScenario(simulation: $0).run() }
        case .cancellation: { try await CancellationScenario(simulation: $0).run() }
        case .pool: { try await PoolScenario(simulation: $0).run() }
        case .calls: { try await CallsScenario(simulation: $0).run() }
        case .overload: { try await OverloadScenario(simulation: $0).run() }
        case .resizing: { try await ResizingScenario(simulation: $0).run() }
        case .nesting: { try await NestingScenario(simulation: $0).run() }
        case .scheduling: { try await SchedulingScenario(simulation: $0).run() }
        case .group: { try await GroupScenario(simulation: $0).run() }
        case .order: { try await OrderScenario(simulation: $0).run() }
        case .resource: { try await ResourceScenario(simulation: $0).run() }
        }
    }
}

extension Simulation {
    /// Watches a pool, whose queue may be over its capacity where jobs are tried again: they wait beside it.
    func watch<Job, Output>(_ pool: WorkerPool<Job, Output>, retries: Bool) {
        guard retries else { return self.watch(pool) }
        self.watch {
            let (ledger, stranded) = (pool.ledger, pool.strandedJobs)
            if !ledger.isBalanced { return "the ledger does not balance: \(ledger)" }
            return stranded > 0 ? "\(stranded) jobs wait beside an idle worker: a lost wake-up" : nil
        }
    }
}

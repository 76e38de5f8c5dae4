//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// Exit tests start a process for each, which the sanitizers' own reports of a trap would only slow down.
#if !PENSTOCK_TSAN && !PENSTOCK_ASAN
import Penstock
import Testing

/// What ends the process: a programmer's mistake, and a handler that traps.
@Suite(.timeLimit(.minutes(5)))
struct TrapTests {
    /// No library can catch a trap: what a pool promises of its jobs ends there.
    @Test func `a handler that traps ends the process`() async {
        await #expect(processExitsWith: .failure) {
            let pool = WorkerPool(WorkerPoolConfiguration(workers: 1)) { (_: Int) in fatalError("a handler's own trap")
            }
            async let report = pool.run()
            try await pool.submit(1)
            _ = try await report
        }
    }

    enum Mistake: String, CaseIterable, Codable, Sendable {
        case channelWithoutPlace, channelOfLessThanNothing, resultsWithoutPlace
        case poolWithoutWorkers, poolOfLessThanNoWorkers, poolWithoutPlace, poolWithoutBytes
        case batchOfNothing, batchTooLarge
        case lineOfLessThanNobody, lineThatIsIgnored
        case resizeToNothing
        case channelTooLarge, poolTooLarge, poolWithTooManyWorkers, resizeToTooMany, resourcesWithoutEnd

        /// Makes it.
        func make() {
            var configuration = WorkerPoolConfiguration(workers: 1, capacity: 1)
            switch self {
            case .channelWithoutPlace: _ = Channel<Int>(capacity: 0)
            case .channelOfLessThanNothing: _ = Channel<Int>(capacity: -1)
            case .resultsWithoutPlace: _ = ResultsPolicy<Int>.channel(capacity: 0)
            case .poolWithoutWorkers: configuration.workers = 0
            case .poolOfLessThanNoWorkers: configuration.workers = -1
            case .poolWithoutPlace: configuration.capacity = 0
            case .poolWithoutBytes: configuration.bytesMax = 0
            case .batchOfNothing: configuration.batchMax = 0
            case .batchTooLarge: configuration.batchMax = 257
            case .lineOfLessThanNobody: configuration.waitersMax = -1
            case .lineThatIsIgnored:
                configuration.waitersMax = 1
                configuration.overflow = .reject
            case .resizeToNothing: WorkerPool(configuration) { (_: Int) in }.resize(workers: 0)
            case .channelTooLarge: _ = Channel<Int>(capacity: .max)
            case .poolTooLarge: configuration.capacity = .max
            case .poolWithTooManyWorkers: configuration.workers = .max
            case .resizeToTooMany: WorkerPool(configuration) { (_: Int) in }.resize(workers: 10_001)
            case .resourcesWithoutEnd: _ = ResourcePool(ResourcePoolConfiguration(maximum: .max)) { 0 }
            }
            _ = WorkerPool(configuration) { (_: Int) in }
        }

        /// What is then said.
        var message: String {
            switch self {
            case .channelWithoutPlace, .resultsWithoutPlace: "A channel's capacity is 1 to 1,000,000,000, not 0."
            case .channelOfLessThanNothing: "A channel's capacity is 1 to 1,000,000,000, not -1."
            case .poolWithoutWorkers, .resizeToNothing: "A pool has 1 to 10,000 workers, not 0."
            case .poolOfLessThanNoWorkers: "A pool has 1 to 10,000 workers, not -1."
            case .poolWithoutPlace: "A pool's capacity is 1 to 1,000,000,000, not 0."
            case .poolWithoutBytes: "A pool's bytesMax is at least 1"
            case .batchOfNothing: "A pool's batchMax is 1 to 256, not 0."
            case .batchTooLarge: "A pool's batchMax is 1 to 256, not 257."
            case .lineOfLessThanNobody: "A pool's waitersMax is not negative."
            case .lineThatIsIgnored: "a waitersMax would be ignored."
            case .channelTooLarge: "A channel's capacity is 1 to 1,000,000,000, not \(Int.max)."
            case .poolTooLarge: "A pool's capacity is 1 to 1,000,000,000, not \(Int.max)."
            case .poolWithTooManyWorkers: "A pool has 1 to 10,000 workers, not \(Int.max)."
            case .resizeToTooMany: "A pool has 1 to 10,000 workers, not 10001."
            case .resourcesWithoutEnd: "A resource pool's maximum is 1 to 1,000,000, not \(Int.max)."
            }
        }
    }

    @Test(arguments: Mistake.allCases)
    func `what makes no sense ends the process with a message`(mistake: Mistake) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [mistake] in
            mistake.make()
        }
        #if DEBUG
        // A build for release says nothing.
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains(mistake.message), "\(text)")
        #endif
    }
}
#endif

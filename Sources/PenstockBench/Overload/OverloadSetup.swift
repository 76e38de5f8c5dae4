//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// What keeps a pool useful that is offered more than it can do.
///
/// ``queue`` is what we recommend where producers can be told no: nothing that was accepted is lost, a refusal comes
/// at once, and the length of the queue is the wait. The length follows from the time that a job may wait:
/// jobs a second, times that time. Shedding looks at time instead of length, and so fits jobs of unknown or changing length;
/// but it lets a queue grow before it acts, and what it sheds was accepted and kept waiting first.
///
/// Measured with `penstock bench overload --seconds 2 --setup ...` on a virtual machine of 2 cores beside builds, with more
/// weight than they have; its peak is 18,000 jobs of 100 microseconds a second. At ten times that:
///
/// | set-up | places | goodput | P99 of jobs that ran | that against 0.8x | not run at 0.8x |
/// | --- | --- | --- | --- | --- | --- |
/// | queue of 0.8 ms | 14 | 95 % | 1.9 ms | 1.0 times | 4.2 % |
/// | queue of 1.2 ms | 21 | 90 to 99 % | 2.7 to 3.1 ms | 1.4 to 1.6 times | 0.5 to 2 % |
/// | queue of 2 ms | 36 | 89 % | 5.0 ms | 1.3 times | 1.3 % |
/// | queue of 3 ms | 54 | 89 % | 6.3 ms | 1.7 times | 0.3 % |
/// | both, 5 ms | 91 | 89 % | 7.6 ms | 1.2 times | 1.8 % |
/// | shedding | 10,000 | 80 % | 12.9 ms | 2.2 times | 9.2 % |
///
/// A shorter queue refuses jobs of small bursts at a load that the pool can do; a longer one only makes jobs wait.
package enum OverloadSetup: String, CaseIterable, Sendable {
    /// A short queue that refuses what finds no place.
    case queue
    /// A long queue, from which jobs are shed that have waited too long.
    case shedding
    /// A queue of some length, with both.
    case both

    /// How much work the short queue holds, in seconds: twelve jobs of 100 microseconds for each worker.
    static let queueTime = 0.0012
    /// How much work the queue of ``both`` holds, in seconds.
    static let bothTime = 0.005

    /// A pool's configuration.
    ///
    /// - Parameters:
    ///   - workers: How many workers there are.
    ///   - peak: How many jobs a second the pool can do.
    package func configuration(workers: Int, peak: Double) -> WorkerPoolConfiguration {
        var configuration = WorkerPoolConfiguration(name: "overload", workers: workers)
        configuration.overflow = .reject
        switch self {
        case .queue: configuration.capacity = Self.places(Self.queueTime, workers, peak)
        case .shedding: configuration.shedding = Self.limits
        case .both:
            configuration.capacity = Self.places(Self.bothTime, workers, peak)
            configuration.shedding = Self.limits
        }
        return configuration
    }

    // MARK: - Private

    private static let limits = LoadShedding(target: .milliseconds(1), interval: .milliseconds(10))

    /// Room for as many jobs as the pool does in a time; for two a worker at least, or workers would wait for producers.
    private static func places(_ time: Double, _ workers: Int, _ peak: Double) -> Int {
        max(workers * 2, Int(peak * time))
    }
}

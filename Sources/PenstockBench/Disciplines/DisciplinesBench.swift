//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Runs jobs that do nothing under each discipline in turn, several times, and says what each discipline costs a job.
///
/// One sender that is always ahead and one worker, so that the queue is full, and nobody waits for the pool's lock for long: what is
/// more than first in, first out takes is the discipline's work. With several workers they wait for each other besides.
package struct DisciplinesBench: Sendable {
    /// What a discipline may cost a job more than first in, first out, in nanoseconds of processor time.
    package static let costMax = 60.0

    /// Places in the queue.
    package var buffer: Int
    package var workers: Int
    /// Jobs of each run.
    package var events: Int
    /// Runs of each discipline.
    package var repetitions: Int

    package init(buffer: Int = 10_000, workers: Int = 1, events: Int = 1_000_000, repetitions: Int = 5) {
        self.buffer = buffer
        self.workers = workers
        self.events = events
        self.repetitions = repetitions
    }

    /// Measures.
    ///
    /// - Parameter progress: Told what it is at.
    /// - Throws: What sending throws, which is a defect.
    package func run(progress: @escaping @Sendable (String) -> Void = { _ in }) async throws -> DisciplinesReport {
        var report = DisciplinesReport(bench: self)
        for repetition in 1...self.repetitions {
            for discipline in BenchDiscipline.allCases {
                progress("\(discipline.rawValue), \(repetition) of \(self.repetitions)")
                let options = BenchOptions(
                    workers: self.workers,
                    buffer: self.buffer,
                    events: self.events,
                    discipline: discipline
                )
                report.add(try await Bench.run(options), of: discipline)
            }
        }
        return report
    }
}

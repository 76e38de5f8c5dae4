//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import PenstockBench

extension BenchWorkload: ExpressibleByArgument {}
extension BenchImplementation: ExpressibleByArgument {}
extension BenchDiscipline: ExpressibleByArgument {}

/// What options may say, for all benchmarks alike.
enum BenchLimit {
    static let workers = 1...1024
    static let buffer = 1...100_000_000
    static let batch = 1...256
    static let producers = 1...1024
    static let events = 1...100_000_000_000

    /// Refuses a value that is out of its range.
    static func check(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard !range.contains(value) else { return }
        throw ValidationError("\(option) must be a whole number from \(Self.text(range)).")
    }

    /// Refuses a time that is out of the range of those that a part of a benchmark may last.
    static func checkSeconds(_ seconds: Double) throws {
        guard !(seconds >= 0.01 && seconds <= 60) else { return }
        throw ValidationError("--seconds must be from 0.01 to 60.")
    }

    static func text(_ range: ClosedRange<Int>) -> String {
        "\(grouped(range.lowerBound)) to \(grouped(range.upperBound))"
    }
}

/// Where the jobs of a benchmark come from.
struct BenchJobOptions: ParsableArguments {
    /// What `--workload` says.
    static let workloadHelp: ArgumentHelp =
        "What a job does: nothing, a microsecond of arithmetic, or a scan of a JSON event for two fields."

    @Option(help: ArgumentHelp("Tasks that send jobs.", valueName: "n"))
    var producers = 1

    @Option(
        help: ArgumentHelp(
            "Send so many jobs a second, in bursts each 100 µs, however fast they are done: an open loop.",
            valueName: "jobs/s"
        )
    )
    var rate: Double?

    @Option(
        help: ArgumentHelp("The events of the json jobs, one a line (default: generated ones)", valueName: "file"),
        completion: .file()
    )
    var lines: String?

    func validate() throws {
        try BenchLimit.check("--producers", self.producers, BenchLimit.producers)
        if let rate, !(rate >= 1 && rate <= 1e9) {
            throw ValidationError("--rate must be from 1 to 1,000,000,000 jobs a second.")
        }
    }

    /// Refuses lines for jobs that read none.
    func check(for workload: BenchWorkload) throws {
        if self.lines != nil, workload != .json {
            throw ValidationError("--lines goes with --workload json: \(workload.rawValue) reads no events.")
        }
    }

    /// The options of a run, as far as they are common to all benchmarks.
    func options(_ workload: BenchWorkload) throws -> BenchOptions {
        BenchOptions(
            workload: workload,
            producers: self.producers,
            rate: self.rate,
            lines: try self.loadLines(for: workload)
        )
    }

    // MARK: - Private

    private func loadLines(for workload: BenchWorkload) throws -> EventLines? {
        guard workload == .json else { return nil }
        guard let lines else { return EventLines() }
        do {
            return try EventLines(path: lines)
        } catch {
            throw ValidationError("--lines '\(shown(lines))' cannot be used: \(error)")
        }
    }
}

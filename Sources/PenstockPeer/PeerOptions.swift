//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockBench

/// The command line of all peers.
enum PeerOptions {
    /// What is wrong with the command line.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private static let names = "--impl, --workload, --producers, --workers, --buffer, --events, --rate, --lines"

    static func read(_ words: some Sequence<String>) throws(Problem) -> BenchOptions {
        var options = BenchOptions()
        var words = words.makeIterator()
        while let name = words.next() {
            guard let value = words.next() else { throw Problem(description: "\(name) needs a value") }
            switch name {
            case "--impl": options.implementation = try self.choice(name, value)
            case "--workload": options.workload = try self.choice(name, value)
            case "--producers": options.producers = try self.count(name, value, max: 1024)
            case "--workers": options.workers = try self.count(name, value, max: 1024)
            case "--buffer": options.buffer = try self.count(name, value, max: 100_000_000)
            case "--events": options.events = try self.count(name, value, max: 100_000_000_000)
            case "--rate": options.rate = try self.rate(value)
            case "--lines": options.lines = try self.lines(value)
            default: throw Problem(description: "unknown option '\(name)': there are \(self.names)")
            }
        }
        return options
    }

    // MARK: - Private

    private static func choice<Choice>(_ name: String, _ value: String) throws(Problem) -> Choice
    where Choice: CaseIterable & RawRepresentable<String> {
        if let choice = Choice(rawValue: value) { return choice }
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem(description: "unknown \(name) '\(value)': there are \(choices)")
    }

    private static func count(_ name: String, _ value: String, max: Int) throws(Problem) -> Int {
        if let count = Int(value), (1...max).contains(count) { return count }
        throw Problem(description: "\(name) is a whole number from 1 to \(max), not '\(value)'")
    }

    private static func rate(_ value: String) throws(Problem) -> Double {
        if let rate = Double(value), rate >= 1, rate <= 1e9 { return rate }
        throw Problem(description: "--rate is 1 to 1000000000 jobs a second, not '\(value)'")
    }

    private static func lines(_ path: String) throws(Problem) -> EventLines {
        do throws(EventLines.Problem) {
            return try EventLines(path: path)
        } catch {
            throw Problem(description: "--lines '\(path)' cannot be used: \(error)")
        }
    }
}

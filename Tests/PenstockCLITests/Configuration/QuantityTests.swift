//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockCLI

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "Sizes",
        .timeLimit(.minutes(5)),
        arguments: [
            ("0B", 0), ("1B", 1), ("1kB", 1000), ("1KB", 1000), ("2MB", 2_000_000), ("1GB", 1_000_000_000),
            ("1KiB", 1024), ("64MiB", 67_108_864), ("1GiB", 1_073_741_824), ("1.5MiB", 1_572_864),
            ("64 MiB", 67_108_864), ("1_000B", 1000),
        ]
    )
    func sizes(_ text: String, bytes: Int) throws {
        #expect(try Quantity.bytes(text) == bytes)
    }

    @Test(
        "Times",
        .timeLimit(.minutes(5)),
        arguments: [
            ("0s", .zero), ("5ns", .nanoseconds(5)), ("5us", .microseconds(5)), ("5ms", .milliseconds(5)),
            ("10s", .seconds(10)), ("2m", .seconds(120)), ("1h", .seconds(3600)), ("0.5s", .milliseconds(500)),
        ] as [(String, Duration)]
    )
    func times(_ text: String, duration: Duration) throws {
        #expect(try Quantity.duration(text) == duration)
    }

    @Test(
        "Rates",
        .timeLimit(.minutes(5)),
        arguments: [
            ("500/s", 500), ("1k/s", 1000), ("1K/s", 1000), ("1M/s", 1_000_000), ("1.5M/s", 1_500_000), ("0.5/s", 0.5),
        ] as [(String, Double)]
    )
    func rates(_ text: String, rate: Double) throws {
        #expect(try Quantity.eventsPerSecond(text) == rate)
    }

    @Test(
        "Wrong sizes",
        .timeLimit(.minutes(5)),
        arguments: [
            ("", "'' is not a size", "a size such as 64MiB"),
            ("64", "the size '64' has no unit", "units: B, kB, KB, MB, GB, KiB, MiB, GiB"),
            ("MiB", "'MiB' is not a size", "64MiB"),
            ("64mib", "unknown unit 'mib'", "write 64MiB"),
            ("64MiBs", "unknown unit 'MiBs'", "units: B, kB"),
            ("-1B", "'-1B' is below 0", "64MiB"),
            ("1e3B", "unknown unit 'e3B'", "units:"),
            ("1.5B", "'1.5B' is not a whole number of bytes", "64MiB"),
            ("1.2.3B", "'1.2.3B' is not a size", "64MiB"),
            ("99999999999999999999GiB", "is too large", "64MiB"),
            ("infB", "'infB' is not a size", "64MiB"),
            ("٣MiB", "is not a size", "64MiB"),
        ]
    )
    func wrongSizes(_ text: String, message: String, hint: String) {
        do throws(Quantity.Problem) {
            let bytes = try Quantity.bytes(text)
            Issue.record("\(text) was read as \(bytes)")
        } catch {
            #expect(error.message.contains(message), "\(error)")
            #expect(error.hint.contains(hint), "\(error)")
        }
    }

    @Test(
        "Wrong times and rates",
        .timeLimit(.minutes(5)),
        arguments: ["10", "10 sec", "1d", "s", "-1s", "99999999999h"]
    )
    func wrongTimes(_ text: String) {
        #expect(throws: Quantity.Problem.self) { try Quantity.duration(text) }
        #expect(throws: Quantity.Problem.self) { try Quantity.eventsPerSecond(text) }
    }
}

@Suite("Suggestions")
struct SuggestionTests {
    @Test(
        "The nearest word",
        .timeLimit(.minutes(5)),
        arguments: [
            ("qeue", "queue"), ("Queue", "queue"), ("souces", "sources"), ("sink", "sinks"), ("sinsk", "sinks"),
            ("deadletter", "dead_letter"), ("dead-letter", "dead_letter"), ("step", "steps"), ("xyzzy", nil),
            ("", nil), ("q", nil),
        ] as [(String, String?)]
    )
    func nearest(_ word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: PipelineFileReader.keys) == expected)
    }

    @Test(
        "Distances",
        .timeLimit(.minutes(5)),
        arguments: [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)]
    )
    func distances(_ left: String, _ right: String, distance: Int) {
        #expect(Suggestion.distance(left, right) == distance)
        #expect(Suggestion.distance(right, left) == distance)
    }

    @Test("A megabyte is no word", .timeLimit(.minutes(5)))
    func longWord() {
        let word = String(repeating: "pipeline", count: 100_000)
        #expect(Suggestion.nearest(to: word, among: PipelineFileReader.keys) == nil)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents
import Testing

@testable import PenstockCLI

@Suite("The report for people")
struct HumanReportTests {
    private static func report() -> PipelineReport {
        var events = EventLedger()
        events.offered = 5_000_010
        events.accepted = 5_000_000
        events.rejected = 10
        events.rejectedReasons = ["queue_full": 9, "stopping": 1]
        events.filtered = 4_747_000
        events.aggregated = 252_990
        events.deadLettered = 7
        events.dropped = ["no_dead_letter": 2, "abandoned": 1, "never": 0]
        var rows = RowLedger()
        rows.emitted = 219
        rows.delivered = 219
        var sink = SinkLedger()
        sink.routed = 219
        sink.delivered = 218
        sink.dropped = ["failed": 1]
        var latency = LatencyHistogram()
        for value in 1...1000 { latency.record(UInt64(value) * 1000) }
        return PipelineReport(
            pipeline: "flights",
            seconds: 1.024,
            eventsPerSecond: 4_882_812.5,
            balanced: true,
            events: events,
            sinks: [.init(name: "out", ledger: sink, lastReason: "the server answered 401")],
            rows: rows,
            latency: latency,
            memoryPeakBytes: 18_040_000,
            exit: .drained,
            lastReason: "json: not\u{1B} an object"
        )
    }

    @Test("Everything there is to say", .timeLimit(.minutes(5)))
    func everything() {
        let lines = HumanReport.text(Self.report()).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.map(String.init).filter { !$0.hasPrefix("latency") } == [
                "pipeline  flights",
                "time      1.02 s, 4,882,813 events/s",
                "events    offered 5,000,010 = accepted 5,000,000 + rejected 10 + waiting 0",
                "          accepted 5,000,000 = filtered 4,747,000 + aggregated 252,990 + dead-lettered 7 + dropped 3",
                "          rejected 9: queue_full",
                "          rejected 1: stopping",
                "          dropped 1: abandoned",
                "          dropped 2: no_dead_letter",
                "          last reason: json: not\\u{1b} an object",
                "rows      emitted 219 = delivered 219",
                "sink      out: routed 219 = delivered 218 + dropped 1",
                "          dropped 1: failed",
                "          last reason: the server answered 401",
                "ledger    balanced",
                "memory    peak 18.0 MB",
                "exit      drained",
                "",
            ]
        )
        let latency = lines.first { $0.hasPrefix("latency") } ?? ""
        for name in ["p50 ", "p95 ", "p99 ", "p99.9 ", "max 1.00 ms"] {
            #expect(latency.contains(name), "\(latency)")
        }
    }

    @Test("A run that failed, without an event", .timeLimit(.minutes(5)))
    func failed() {
        var report = Self.report()
        report.events = EventLedger()
        report.sinks = []
        report.rows = nil
        report.balanced = false
        report.latency = LatencyHistogram()
        report.exit = .failed(PenstockError(.inputOutput, "The disk is full."))
        let text = HumanReport.text(report)
        #expect(
            text.contains(
                "\nevents    offered 0 = accepted 0 + rejected 0 + waiting 0\n          accepted 0 = delivered 0\n"
            )
        )
        #expect(text.contains("\nledger    NOT BALANCED\nlatency   none measured\n"))
        #expect(text.hasSuffix("\nexit      failed\nerror     The disk is full.\n"))
    }

    @Test("Exit codes", .timeLimit(.minutes(5)))
    func exitCodes() {
        var report = Self.report()
        let failure = PenstockError(.inputOutput, "It broke.")
        for (exit, code) in [
            (.drained, 0), (.interrupted, 0), (.deadlinePassed, 3), (.failed(failure), 1),
        ] as [(PipelineExit, Int32)] {
            report.exit = exit
            report.balanced = true
            #expect(PipelineRun.exitCode(of: report) == code)
            report.balanced = false
            #expect(PipelineRun.exitCode(of: report) == 1)
        }
    }

    @Test("What a durable queue keeps is not dropped for its sink")
    func stored() throws {
        var report = Self.report()
        (report.events, report.rows) = (EventLedger(), nil)
        (report.events.offered, report.events.accepted, report.events.stored) = (4, 4, 4)
        var sink = SinkLedger()
        (sink.routed, sink.stored) = (4, 4)
        report.sinks = [.init(name: "bad", ledger: sink)]
        let text = HumanReport.text(report)
        #expect(sink.isBalanced && text.contains("\nsink      bad: routed 4 = stored 4\n"), "\(text)")
        let told = try #require(JSONValue(report.json()))
        #expect(ToldReport(told)?.text().contains("\nsink      bad: routed 4 = stored 4\n") == true)
    }

    @Test("The JSON report has every key, in order", .timeLimit(.minutes(5)))
    func json() {
        let text = Self.report().json()
        let keys = [
            "pipeline", "seconds", "events_per_second", "balanced", "events", "offered", "rejected", "rejected_reasons",
            "waiting",
            "accepted", "delivered", "filtered", "aggregated", "dead_lettered", "dropped", "in_flight", "stored",
            "sinks", "out", "routed", "latency_seconds", "p50", "p95", "p99", "p999", "max", "memory_peak_bytes",
            "exit",
        ]
        var rest = text[...]
        for key in keys {
            guard let range = rest.firstRange(of: "\"\(key)\":") else {
                Issue.record("'\(key)' is missing or out of order in \(text)")
                return
            }
            rest = rest[range.upperBound...]
        }
        #expect(!text.contains("\n"))
    }
}

@Suite("Numbers for people")
struct NumbersTests {
    @Test("Whole numbers", .timeLimit(.minutes(5)))
    func wholeNumbers() {
        let expected = [0: "0", 7: "7", 999: "999", 1000: "1,000", 1_234_567: "1,234,567", -1000: "-1,000"]
        for (number, text) in expected { #expect(grouped(number) == text) }
        #expect(grouped(.min) == "-9,223,372,036,854,775,808")
    }

    @Test("Decimals", .timeLimit(.minutes(5)))
    func decimals() {
        let expected: [(Double, Int, String)] = [
            (0, 2, "0.00"), (0.005, 2, "0.01"), (1.024, 2, "1.02"), (999.999, 2, "1,000.00"), (12.5, 0, "13"),
            (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"), (.infinity, 2, "inf"), (1e300, 2, "1e+300"),
        ]
        for (number, places, text) in expected { #expect(decimal(number, places: places) == text) }
    }

    @Test("Times and sizes", .timeLimit(.minutes(5)))
    func timesAndSizes() {
        let times: [(UInt64, String)] = [
            (0, "0 ns"), (999, "999 ns"), (1000, "1.00 µs"), (12_345, "12.3 µs"), (999_999, "1,000 µs"),
            (1_500_000, "1.50 ms"), (2_000_000_000, "2.00 s"),
        ]
        for (nanoseconds, text) in times { #expect(shown(nanoseconds: nanoseconds) == text) }
        let sizes = [0: "0 B", 999: "999 B", 1000: "1.00 kB", 18_040_000: "18.0 MB", 2_500_000_000: "2.50 GB"]
        for (bytes, text) in sizes { #expect(shown(bytes: bytes) == text) }
        #expect(shown(.seconds(30)) == "30 s")
        #expect(shown(.zero) == "0 s")
        #expect(shown(.milliseconds(50)) == "50.0 ms")
        #expect(shown(.milliseconds(1500)) == "1.50 s")
    }
}

@Suite("The progress line")
struct ProgressLineTests {
    @Test("Rate, percentage and time", .timeLimit(.minutes(5)))
    func line() {
        var line = ProgressLine()
        var progress = PipelineProgress()
        progress.events.accepted = 200_000
        progress.elapsed = .milliseconds(200)
        #expect(line.text(progress, name: "flights") == "flights  200,000 events  1.00 M events/s  0.2 s")
        progress.events.accepted = 300_000
        progress.elapsed = .milliseconds(400)
        progress.bytesTotal = 1000
        progress.bytesRead = 999
        #expect(line.text(progress, name: "flights") == "flights  300,000 events  500 K events/s  99 %  0.4 s")
        progress.bytesTotal = nil
        progress.countTotal = 600_000
        progress.isDraining = true
        progress.elapsed = .milliseconds(600)
        #expect(
            line.text(progress, name: "flights") == "flights  300,000 events  250 K events/s  50 %  0.6 s  draining"
        )
    }

    @Test("It fits on a terminal", .timeLimit(.minutes(5)))
    func width() {
        var line = ProgressLine()
        var progress = PipelineProgress()
        progress.events.accepted = 999_999_999_999
        progress.elapsed = .seconds(99_999)
        progress.countTotal = 999_999_999_999
        progress.isDraining = true
        #expect(line.text(progress, name: String(repeating: "n", count: 100)).count <= 79)
    }
}

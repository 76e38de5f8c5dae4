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
import Testing

@testable import PenstockEvents

/// Whole runs over files in temporary folders.
@Suite(.timeLimit(.minutes(5)))
struct PipelineTests {
    private let folder = TemporaryFolder()

    private func description(_ text: String, times: Int = 1) -> PipelineDescription {
        let path = self.folder.write(text, to: "in.ndjson")
        return PipelineDescription(
            name: "test",
            sources: [NamedSource(name: "in", kind: .file(path: path, repeat: times))],
            sinks: [NamedSink(name: "out", kind: .file(path: self.folder["out.ndjson"]))]
        )
    }

    private func flights(_ count: Int) -> String {
        (0..<count).map { index in
            "{\"origin\":\"\(["ORD", "DFW", "ATL"][index % 3])\",\"delay\":\(index % 100),\"distance\":\(index)}\n"
        }.joined()
    }

    @Test func eventsThatPassAFilterAreDelivered() async throws {
        var description = self.description(self.flights(1000), times: 3)
        description.steps = [.filter("delay > 60"), .filter("origin != \"DFW\"")]
        let report = try await Pipeline(description).run()
        let expected = (0..<1000).count { $0 % 100 > 60 && $0 % 3 != 1 } * 3
        #expect(report.balanced)
        #expect(report.exit.name == "drained")
        #expect(report.events.accepted == 3000)
        #expect(report.events.delivered == expected)
        #expect(report.events.filtered == 3000 - expected)
        #expect(report.sinks[0].ledger.delivered == expected)
        #expect(report.latency.count == 3000)
        #expect(report.rows == nil)
        let lines = self.folder.lines(of: "out.ndjson")
        #expect(lines.count == expected)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"origin\"") && $0.hasSuffix("}") })
    }

    @Test func everythingPassesUnchanged() async throws {
        var description = self.description(self.flights(5000))
        description.workers = 1
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(self.folder.read("out.ndjson") == self.folder.read("in.ndjson"))
    }

    @Test func aggregateCountsEveryEventOnce() async throws {
        var description = self.description(self.flights(3000), times: 2)
        var aggregate = AggregateDescription(by: ["origin"], every: .seconds(3600), count: "flights")
        aggregate.sum = [.init(field: "distance", name: "miles")]
        aggregate.max = [.init(field: "delay", name: "worst")]
        description.steps = [.filter("delay >= 50"), .aggregate(aggregate)]
        let clock = VirtualClock()
        let report = try await Pipeline(description, time: clock.time, wallClock: { 7_200_000_000_000 }).run()
        let kept = (0..<3000).filter { $0 % 100 >= 50 }
        #expect(report.balanced)
        #expect(report.events.aggregated == 2 * kept.count)
        #expect(report.events.filtered == 6000 - 2 * kept.count)
        #expect(report.rows?.emitted == 3)
        #expect(report.rows?.delivered == 3)
        #expect(report.sinks[0].ledger.routed == 3)
        let expected = ["ORD", "DFW", "ATL"].enumerated().map { index, origin in
            let own = kept.filter { $0 % 3 == index }
            return """
                {"origin":"\(origin)","flights":\(own.count * 2),"miles":\(own.reduce(0, +) * 2),"worst":99,\
                "window_start":"1970-01-01T02:00:00Z","window_end":"1970-01-01T03:00:00Z"}
                """
        }
        #expect(self.folder.lines(of: "out.ndjson").sorted() == expected.sorted())
    }

    @Test func whatIsNotJSONBecomesADeadLetter() async throws {
        let long = String(repeating: "x", count: 200)
        var description = self.description("{\"a\":1}\n\nnonsense\n{\"a\":\"b\"}\n\(long)\n[1]")
        description.lineBytesMax = 100
        description.steps = [.filter("a > 0")]
        description.deadLetter = .file(path: self.folder["dead.ndjson"])
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.events.accepted == 5)
        #expect(report.events.delivered == 1)
        #expect(report.events.deadLettered == 4)
        #expect(self.folder.lines(of: "out.ndjson") == ["{\"a\":1}"])
        let letters = self.folder.lines(of: "dead.ndjson")
        #expect(letters.count == 4)
        for position in [3, 4, 5, 6] {
            #expect(letters.contains { $0.hasPrefix("{\"source\":\"in\",\"position\":\(position),\"reason\":\"") })
        }
        #expect(letters.contains { $0.contains("line longer than 100 bytes") && $0.contains("\"cut_to_bytes\":100") })
    }

    @Test func withoutADeadLetterSinkTheyAreDroppedAndCounted() async throws {
        let report = try await Pipeline(self.description("{}\nno\n")).run()
        #expect(report.balanced)
        #expect(report.events.dropped == ["no_dead_letter": 1])
        #expect(report.events.delivered == 1)
    }

    @Test func linesAndRawKeepTheirBytes() async throws {
        var description = self.description("a\r\n\r\nb\u{0}c\nlast")
        description.decode = .lines
        // Several workers keep no order among batches.
        description.workers = 1
        let lines = try await Pipeline(description).run()
        #expect(lines.balanced)
        #expect(String(decoding: self.folder.read("out.ndjson"), as: UTF8.self) == "a\nb\u{0}c\nlast\n")
        description.decode = .raw
        let raw = try await Pipeline(description).run()
        #expect(raw.balanced)
        #expect(String(decoding: self.folder.read("out.ndjson"), as: UTF8.self) == "a\r\n\r\nb\u{0}c\nlast\n")
    }

    @Test(arguments: [1, 7])
    func emptyFileIsNoEvent(times: Int) async throws {
        let report = try await Pipeline(self.description("", times: times)).run()
        #expect(report.balanced)
        #expect(report.events == EventLedger())
        #expect(report.exit.name == "drained")
        #expect(self.folder.read("out.ndjson").isEmpty)
    }

    @Test func smallestQueueLosesNothing() async throws {
        var description = self.description(self.flights(500), times: 2)
        description.queue.events = 1
        description.queue.bytes = 1
        description.workers = 3
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.events.delivered == 1000)
        #expect(self.folder.lines(of: "out.ndjson").count == 1000)
    }

    @Test func severalSourcesAndSinks() async throws {
        var description = self.description(self.flights(200), times: 4)
        description.sources.append(NamedSource(name: "made", kind: .generate(rate: nil, count: 3000)))
        description.sinks.append(NamedSink(name: "copy", kind: .file(path: self.folder["copy.ndjson"])))
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.events.delivered == 3800)
        #expect(report.sinks.map(\.ledger.delivered) == [3800, 3800])
        #expect(self.folder.lines(of: "out.ndjson").sorted() == self.folder.lines(of: "copy.ndjson").sorted())
    }

    @Test func generatorKeepsItsRate() async throws {
        var description = self.description("")
        description.sources = [NamedSource(name: "made", kind: .generate(rate: 100_000, count: 5000))]
        let report = try await Pipeline(description).run()
        #expect(report.balanced)
        #expect(report.events.delivered == 5000)
        #expect(report.seconds >= 0.0499)
    }

    @Test func reportIsJSONWithTheKeysInOrder() async throws {
        var description = self.description("{}\nno\n")
        description.steps = [.aggregate(AggregateDescription(by: [], every: .seconds(60), count: "n"))]
        var report = try await Pipeline(description).run()
        report.seconds = 1.5
        report.eventsPerSecond = 2.4
        report.memoryPeakBytes = 18
        report.latency = LatencyHistogram()
        #expect(
            report.json() == """
                {"pipeline":"test","seconds":1.5,"events_per_second":2,"balanced":true,"events":{"offered":2,"rejected":0,\
                "waiting":0,"accepted":2,"delivered":0,"filtered":0,"aggregated":1,"dead_lettered":0,\
                "dropped":{"no_dead_letter":1},"in_flight":0,"stored":0,"recovered":0},"last_reason":"json: not an object",\
                "sinks":{"out":{"routed":1,"delivered":1,\
                "dead_lettered":0,"dropped":{},"in_flight":0,"stored":0}},"aggregates":{"rows":{"emitted":1,"delivered":1,\
                "dead_lettered":0,"dropped":{},"in_flight":0}},"latency_seconds":{"p50":0.0,"p95":0.0,"p99":0.0,\
                "p999":0.0,"max":0.0},"memory_peak_bytes":18,"exit":"drained"}
                """
        )
        report.exit = .failed(PenstockError(.inputOutput, "No \"room\"."))
        #expect(report.json().hasSuffix(#""exit":"failed","error":"No \"room\"."}"#))
    }

    @Test func progressKnowsWhereItEnds() async throws {
        let text = self.flights(100)
        let pipeline = try Pipeline(self.description(text, times: 3))
        #expect(pipeline.progress().events.accepted == 0)
        _ = try await pipeline.run()
        let progress = pipeline.progress()
        #expect(progress.events.delivered == 300)
        #expect(progress.bytesRead == text.utf8.count * 3)
        #expect(progress.bytesTotal == text.utf8.count * 3)
        #expect(progress.countTotal == nil)
    }

    @Test func runsOnce() async throws {
        let pipeline = try Pipeline(self.description("{}\n"))
        _ = try await pipeline.run()
        await #expect(throws: PenstockError.self) { try await pipeline.run() }
    }
}

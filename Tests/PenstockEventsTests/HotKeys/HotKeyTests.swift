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

@Suite("The key that most events have", .timeLimit(.minutes(5))) struct HotKeyTests {
    /// The key of an event that is grouped by the fields `a` and `b`, as it is shown.
    private static func text(_ line: String, by: [String] = ["a"], isCut: Bool = false, bytesMax: Int = 192) -> String {
        var specification = AggregateSpecification(by: by, every: .seconds(1), count: "n")
        var fields = FieldSet()
        specification.bind(&fields)
        var table = AggregateTable(specification)
        #expect(ScannedLine(line, fields: fields).withView { table.add($0) } == nil)
        return table.withLastKey { key in
            let kept = UnsafeRawBufferPointer(rebasing: key.prefix(bytesMax))
            return GroupKey.text(kept, isCut: isCut || kept.count < key.count, lengthMax: HotKey.lengthMax)
        }
    }

    @Test("It is shown as its values")
    func values() {
        #expect(Self.text(#"{"a":"PushEvent"}"#) == "PushEvent")
        #expect(Self.text(#"{"a":"ORD","b":17}"#, by: ["a", "b"]) == "ORD, 17")
        #expect(Self.text(#"{"a":null,"b":true}"#, by: ["a", "b"]) == "null, true")
        #expect(Self.text(#"{"a":-0.5}"#) == "-0.5")
        #expect(Self.text(#"{"a":"żółć 東京"}"#) == "żółć 東京")
    }

    @Test("It is cut to 40 characters, however it was cut before")
    func length() {
        let long = String(repeating: "x", count: 1000)
        #expect(Self.text("{\"a\":\"\(long)\"}") == String(repeating: "x", count: 39) + "…")
        #expect(Self.text("{\"a\":\"\(long)\"}", bytesMax: 25) == String(repeating: "x", count: 20) + "…")
        let wide = String(repeating: "🦆", count: 100)
        #expect(Self.text("{\"a\":\"\(wide)\"}") == String(repeating: "🦆", count: 39) + "…")
        for bytes in 0..<40 {
            #expect(Self.text(#"{"a":17,"b":"🦆🦆🦆","c":0.5}"#, by: ["a", "b", "c"], bytesMax: bytes).count <= 40)
        }
        let forty = String(repeating: "y", count: 40)
        #expect(Self.text("{\"a\":\"\(forty)\"}") == forty)
    }

    @Test("What would move a terminal, turn the writing or end the quotes is escaped")
    func hostile() {
        #expect(Self.text(#"{"a":"\u001b[2J`x`"}"#) == #"\u{1b}[2J\u{60}x\u{60}"#)
        #expect(Self.text(#"{"a":"\u202egnp.exe\n"}"#) == #"\u{202e}gnp.exe\u{a}"#)
        #expect(Self.text(#"{"a":"<b>\\u{60}"}"#) == #"<b>\u{5c}u{60}"#)
        #expect(Self.text(#"{"a":"\#(String(repeating: "\\u0000", count: 30))"}"#).count <= 40)
        #expect(Self.text(#"{"a":"\ud800"}"#).unicodeScalars.allSatisfy { $0.value == 0xFFFD })
    }

    private static func lines(_ count: Int, keys: Int, hotEvery: Int) -> [String] {
        (0..<count).map { number in
            let key = number.isMultiple(of: hotEvery) ? "Push" : "other-\(number % keys)"
            return "{\"type\":\"\(key)\"}"
        }
    }

    /// What a pipeline that groups by `type` has seen of its events.
    private static func run(_ lines: [String], batchMax: Int, hasKey: Bool = true) async throws -> PipelineSnapshot {
        let pipeline = Pipeline("test") {
            Source("in", CountedSource(lines, batchMax: batchMax))
            if hasKey {
                Aggregate(by: "type", every: .seconds(3600)) { Count("n") }
            } else {
                Aggregate(every: .seconds(3600)) { Count("n") }
            }
            NullSink()
        }
        let report = try await pipeline.run()
        #expect(report.balanced && report.events.aggregated == lines.count)
        return pipeline.snapshot()
    }

    @Test("A pipeline tells it of the events that it groups", arguments: [(10_000, 1), (20_000, 10), (120_000, 1000)])
    func pipeline(events: Int, batchMax: Int) async throws {
        let snapshot = try await Self.run(Self.lines(events, keys: 50, hotEvery: 4), batchMax: batchMax)
        let hot = try #require(snapshot.hotKey)
        #expect(hot.text == "Push" && hot.keys >= 4)
        // Of 960 samples at least: chance comes to 0.014, five times that to 0.07.
        #expect(abs(hot.share - 0.25) < 0.07, "\(hot.share)")
    }

    @Test("Of few events, and of such that have no key, nothing is told")
    func nothing() async throws {
        #expect(try await Self.run(Self.lines(50, keys: 5, hotEvery: 2), batchMax: 10).hotKey == nil)
        #expect(try await Self.run(Self.lines(5000, keys: 5, hotEvery: 2), batchMax: 10, hasKey: false).hotKey == nil)
    }
}

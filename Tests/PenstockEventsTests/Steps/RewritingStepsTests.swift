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

/// What `Select`, `Rename` and `Parse` make of events, and that nothing else of them changes.
@Suite(.timeLimit(.minutes(5)))
struct RewritingStepsTests {
    private let folder = TemporaryFolder()

    /// Runs steps over lines with one worker; what came out, and the reasons of the dead letters.
    private func run(
        _ lines: [String],
        _ decode: Decode = .json,
        @PipelineBuilder _ steps: () -> [PipelinePart]
    ) async throws -> (out: [String], reasons: [String], report: PipelineReport) {
        let path = self.folder.write(lines.joined(separator: "\n"), to: "in")
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        let (out, dead) = (self.folder["out"], self.folder["dead"])
        let parts = steps()
        let report = try await Pipeline("steps", configuration: configuration) {
            FileSource(path)
            decode
            Parts(parts: parts)
            FileSink(out)
            DeadLetters(dead)
        }.run()
        #expect(report.balanced)
        #expect(report.events.accepted == lines.count)
        let reasons = self.folder.lines(of: "dead").map { letter in
            String(letter.components(between: "\"reason\":\"", and: "\",\"time\"") ?? "")
        }
        return (self.folder.lines(of: "out"), reasons, report)
    }

    @Test func selectKeepsValuesAsTheyAreWritten() async throws {
        let (out, reasons, _) = try await self.run([
            #"{ "a" : 1.50, "b":{"c": [1, {"x":"}"}] ,"d":2}, "e":"\u00e4\n", "f":null }"#, #"{"e":true}"#, #"{"b":7}"#,
            "{}",
        ]) { Select("e", "b.c", "a", "f") }
        #expect(
            out == [
                #"{"e":"\u00e4\n","b":{"c":[1, {"x":"}"}]},"a":1.50,"f":null}"#, #"{"e":true}"#, "{}", "{}",
            ]
        )
        #expect(reasons.isEmpty)
    }

    @Test func selectPutsPathsOfOneObjectTogether() async throws {
        let (out, _, _) = try await self.run([#"{"b":{"c":1,"d":2,"e":3},"a":0}"#, #"{"b":{"d":2}}"#]) {
            Select("b.d", "a", "b.c")
        }
        #expect(out == [#"{"b":{"d":2,"c":1},"a":0}"#, #"{"b":{"d":2}}"#])
    }

    @Test func renameChangesNamesOnly() async throws {
        let (out, _, _) = try await self.run([
            #"{ "delay" : 61, "o": {"delay":1} }"#, #"{"x":1}"#, #"{"late":0,"delay":2}"#, #"{"d\u0065lay":3}"#,
            #"{"late":5}"#,
        ]) { Rename(["delay": "late"]) }
        #expect(
            out == [
                #"{"late":61,"o":{"delay":1}}"#, #"{"x":1}"#, #"{"late":2}"#, #"{"late":3}"#, #"{"late":5}"#,
            ]
        )
    }

    @Test func fieldsMayChangePlaces() async throws {
        let (out, _, _) = try await self.run([#"{"a":1,"b":2}"#]) { Rename(["a": "b", "b": "a"]) }
        #expect(out == [#"{"b":1,"a":2}"#])
    }

    @Test func stepsRunInTheirOrder() async throws {
        let (out, reasons, report) = try await self.run([
            #"{"delay":61,"origin":"ORD","n":{"m":1}}"#, #"{"delay":5,"origin":"ORD"}"#, "no", #"{"origin":"ATL"}"#,
            #"{"delay":90,"origin":"DFW"}"#,
        ]) {
            Filter("delay > 60")
            Rename(["delay": "late"])
            Select("late", "origin")
            Filter("origin != \"DFW\" && late > 0")
            Step { event in .replace(with: event.text.uppercased()) }
        }
        #expect(out == [#"{"LATE":61,"ORIGIN":"ORD"}"#])
        #expect(reasons.count == 2)
        #expect(report.events.filtered == 2)
    }

    @Test func aggregatesSeeWhatStepsHaveMade() async throws {
        let (out, _, report) = try await self.run([#"{"a":{"b":"x"},"n":2}"#, #"{"a":{"b":"x"},"n":3}"#]) {
            Rename(["n": "m"])
            Select("a.b", "m")
            Aggregate(by: "a.b", every: .seconds(3600 * 24 * 365)) { Sum("m", as: "total") }
        }
        #expect(out.count == 1)
        #expect(out.first?.hasPrefix(#"{"a.b":"x","total":5,"#) == true)
        #expect(report.events.aggregated == 2)
    }

    @Test func parseMakesObjectsOfLines() async throws {
        let (out, reasons, _) = try await self.run(
            ["GET /a 200 0.5", "PUT /\"q\" - -", "what", "GET /b 2x0 1", "GET /c 007 1e3", "GET /d 200 x"],
            .lines
        ) {
            Parse(
                pattern: "^(?<verb>\\S+) (?<path>\\S+) (?<status>\\S+) (?<took>\\S+)$",
                types: ["status": .int, "took": .number]
            )
        }
        #expect(
            out == [
                #"{"verb":"GET","path":"/a","status":200,"took":0.5}"#,
                #"{"verb":"PUT","path":"/\"q\"","status":null,"took":null}"#,
                #"{"verb":"GET","path":"/c","status":7,"took":1000.0}"#,
            ]
        )
        #expect(
            reasons == [
                "parse: the text does not match the pattern", "parse: 'status' is '2x0', which is no int",
                "parse: 'took' is 'x', which is no number",
            ]
        )
    }

    @Test func groupsWithoutPartAreNull() async throws {
        let (out, _, _) = try await self.run(["a", "b1"], .lines) {
            Parse(pattern: "^(?:a|b(?<n>\\d))$", types: ["n": .int])
        }
        #expect(out == [#"{"n":null}"#, #"{"n":1}"#])
    }

    @Test func parseOfAFieldAddsToItsObject() async throws {
        let (out, reasons, _) = try await self.run([
            #"{"id":1,"log":{"text":"k=\"v\" \u00e4"},"k":0}"#, #"{"id":2,"log":{}}"#, #"{"id":3,"log":{"text":5}}"#,
            #"{"id":4,"log":{"text":"k=w x"}}"#, #"{"id":5,"log":{"text":"\ud800"}}"#,
        ]) { Parse(pattern: "k=(?<k>\\S+) (?<rest>.*)", field: "log.text") }
        #expect(
            out == [
                #"{"id":1,"log":{"text":"k=\"v\" \u00e4"},"k":"\"v\"","rest":"ä"}"#,
                #"{"id":4,"log":{"text":"k=w x"},"k":"w","rest":"x"}"#,
            ]
        )
        #expect(
            reasons == [
                "parse: no such field: 'log.text'", "parse: 'log.text' is a number, not a string",
                "parse: the text is not UTF-8",
            ]
        )
    }

    @Test func textsBeyondTheLimitsAreDeadLetters() async throws {
        let long = String(repeating: "x", count: PatternMatcher.textBytesMax)
        let (out, reasons, _) = try await self.run([long, long + "x"], .lines) { Parse(pattern: "^(?<x>x{3})") }
        #expect(out == [#"{"x":"xxx"}"#])
        #expect(reasons == ["parse: the text is longer than 64 KiB"])
    }

    @Test func whatIsNotUTF8IsADeadLetter() async throws {
        let path = self.folder.write([0x61, 0xFF, 0x0A, 0x62], to: "bytes")
        let out = self.folder["out"]
        let report = try await Pipeline("bytes") {
            FileSource(path)
            Decode.lines
            Parse(pattern: "(?<all>.*)")
            FileSink(out)
        }.run()
        #expect(report.balanced)
        #expect(report.events.dropped == ["no_dead_letter": 1])
        #expect(self.folder.lines(of: "out") == [#"{"all":"b"}"#])
    }

    @Test func wrongStepsAreRefused() {
        func problem(_ decode: Decode = .json, @PipelineBuilder _ steps: () -> [PipelinePart]) -> String {
            let parts = steps()
            return Pipeline("wrong") {
                Generator(count: 1)
                decode
                Parts(parts: parts)
                NullSink()
            }.check().first?.message ?? ""
        }
        #expect(problem { Select("a", "a") }.contains("listed twice"))
        #expect(problem { Select("a.b", "a") }.contains("a part of the other"))
        #expect(problem { Select("a..b") }.contains("no field path"))
        #expect(problem { Rename(["a": "b", "c": "b"]) }.contains("would be called 'b'"))
        #expect(problem { Rename(["a.b": "c"]) }.contains("has a '.' in it"))
        #expect(problem { Parse(.apacheCombined) }.contains("the field that holds the text"))
        #expect(problem(.lines) { Parse(pattern: "a") }.contains("no named group"))
        #expect(problem(.lines) { Parse(pattern: "(?<a>") }.contains("not closed"))
        #expect(problem(.lines) { Parse(pattern: "(?<a>)", types: ["b": .int]) }.contains("'b', which is no group"))
        #expect(problem(.lines) { Parse(pattern: "(?<a>.)", field: "b") }.contains("need \"decode: json\""))
        #expect(problem(.lines) { Select("a") }.contains("need \"decode: json\""))
    }
}

/// Parts that were made before.
private struct Parts: PipelineComponent {
    let parts: [PipelinePart]
    var part: PipelinePart { self.parts[0] }
}

extension PipelineBuilder {
    fileprivate static func buildExpression(_ component: Parts) -> [PipelinePart] { component.parts }
}

extension String {
    /// What stands between two texts.
    fileprivate func components(between start: String, and end: String) -> Substring? {
        guard let from = self.firstRange(of: start)?.upperBound else { return nil }
        let rest = self[from...]
        return rest.firstRange(of: end).map { rest[..<$0.lowerBound] }
    }
}

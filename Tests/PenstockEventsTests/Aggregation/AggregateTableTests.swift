//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents
import Testing

@Suite struct AggregateTableTests {
    /// A table with what is needed to feed it lines.
    private struct Fixture {
        var table: AggregateTable
        let fields: FieldSet

        init(_ specification: AggregateSpecification) {
            var specification = specification
            var fields = FieldSet()
            _ = fields.index(of: "unrelated")
            specification.bind(&fields)
            self.table = AggregateTable(specification)
            self.fields = fields
        }

        mutating func add(_ line: String) -> String? {
            let line = ScannedLine(line, fields: self.fields)
            #expect(line.problem == nil)
            return line.withView { self.table.add($0) }
        }

        /// The rows without the window, which is the same in all.
        var rows: [String] {
            var bytes: [UInt8] = []
            let count = self.table.appendRows(windowStart: 0, windowEnd: 10_000_000_000, to: &bytes)
            let end = #""window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z"}"#
            let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { row -> String in
                #expect(row.hasSuffix(end))
                #expect(ReferenceJSON.members(of: Array(row.utf8)) != nil)
                return String(row.dropLast(end.count)) + "}"
            }
            #expect(rows.count == count)
            return rows
        }
    }

    private static let flights = AggregateSpecification(
        by: ["origin"],
        every: .seconds(10),
        count: "flights",
        sum: [("distance", "miles")],
        min: [("delay", "best")],
        max: [("delay", "worst")]
    )

    @Test func worksOutEachGroup() {
        var fixture = Fixture(Self.flights)
        #expect(fixture.table.isEmpty)
        for (origin, distance, delay) in [("ORD", 10, 5), ("DFW", 7, -3), ("ORD", 20, -61), ("ORD", 3, 61)] {
            #expect(fixture.add(#"{"origin":"\#(origin)","distance":\#(distance),"delay":\#(delay)}"#) == nil)
        }
        #expect(fixture.table.groupCount == 2)
        #expect(
            fixture.rows == [
                #"{"origin":"DFW","flights":1,"miles":7,"best":-3,"worst":-3,}"#,
                #"{"origin":"ORD","flights":3,"miles":33,"best":-61,"worst":61,}"#,
            ]
        )
        fixture.table.removeAll()
        #expect(fixture.table.isEmpty)
        #expect(fixture.rows.isEmpty)
        #expect(fixture.add(#"{"origin":"LAS","distance":1,"delay":0}"#) == nil)
        #expect(fixture.rows == [#"{"origin":"LAS","flights":1,"miles":1,"best":0,"worst":0,}"#])
    }

    @Test func noFieldsMakeOneGroup() {
        var fixture = Fixture(AggregateSpecification(by: [], every: .seconds(1), count: "n"))
        #expect(fixture.rows.isEmpty)
        #expect(fixture.add("{}") == nil)
        #expect(fixture.add(#"{"a":1}"#) == nil)
        #expect(fixture.rows == [#"{"n":2,}"#])
    }

    @Test func equalValuesAreOneGroupAndRowsAreSorted() {
        var fixture = Fixture(AggregateSpecification(by: ["k"], every: .seconds(1), count: "n"))
        for value in [
            "null", "true", "false", "1", "1.0", "10e-1", "-0.0", "0", "2.5", "-7", "9007199254740993",
            "9007199254740992.0",
            "1e300", "12345678901234567890", #""a""#, #""\u0061""#, #""b\"\n""#, #""\ud83d\ude00""#, #""😀""#, #""""#,
            #""\ud800""#, #""1""#,
        ] { #expect(fixture.add(#"{"k":\#(value)}"#) == nil) }
        #expect(
            fixture.rows == [
                #"{"k":null,"n":1,}"#, #"{"k":false,"n":1,}"#, #"{"k":true,"n":1,}"#, #"{"k":-7,"n":1,}"#,
                #"{"k":0,"n":2,}"#, #"{"k":1,"n":3,}"#, #"{"k":2.5,"n":1,}"#, #"{"k":9007199254740992,"n":1,}"#,
                #"{"k":9007199254740993,"n":1,}"#, #"{"k":1.2345678901234567e+19,"n":1,}"#, #"{"k":1e+300,"n":1,}"#,
                #"{"k":"","n":1,}"#, #"{"k":"1","n":1,}"#, #"{"k":"a","n":2,}"#, #"{"k":"b\"\n","n":1,}"#,
                #"{"k":"\ud800","n":1,}"#, #"{"k":"😀","n":2,}"#,
            ]
        )
    }

    @Test func groupsOfSeveralFieldsDoNotRunTogether() {
        var fixture = Fixture(AggregateSpecification(by: ["a.b", "c"], every: .seconds(1), count: "n"))
        for (b, c) in [("xy", "z"), ("x", "yz"), ("x", "yz"), ("", "xyz")] {
            #expect(fixture.add(#"{"c":"\#(c)","a":{"b":"\#(b)"}}"#) == nil)
        }
        #expect(
            fixture.rows == [
                #"{"a.b":"","c":"xyz","n":1,}"#, #"{"a.b":"x","c":"yz","n":2,}"#, #"{"a.b":"xy","c":"z","n":1,}"#,
            ]
        )
    }

    @Test(arguments: [
        (#"{"distance":1,"delay":1}"#, "no such field: 'origin'"),
        (#"{"origin":{},"distance":1,"delay":1}"#, "'origin' is an object, not a value to group by"),
        (#"{"origin":[1],"distance":1,"delay":1}"#, "'origin' is an array, not a value to group by"),
        (#"{"origin":"a","delay":1}"#, "no such field: 'distance'"),
        (#"{"origin":"a","distance":"1","delay":1}"#, "'distance' is a string, not a number"),
        (#"{"origin":"a","distance":1,"delay":null}"#, "'delay' is null, not a number"),
        (#"{"origin":"a","distance":1,"delay":true}"#, "'delay' is a bool, not a number"),
        (#"{"origin":"new","distance":1}"#, "no such field: 'delay'"),
        (#"{"origin":"a","distance":1e400,"delay":1}"#, "'distance' is a number that no double holds"),
        (#"{"origin":"a","distance":1,"delay":-1e309}"#, "'delay' is a number that no double holds"),
        (
            "{\"origin\":\"a\",\"distance\":1,\"delay\":1\(String(repeating: "0", count: 400))}",
            "'delay' is a number that no double holds"
        ),
        (#"{"origin":1e999,"distance":1,"delay":1}"#, "'origin' is a number that no double holds"),
    ])
    func whatCannotBeAggregatedChangesNothing(_ line: String, _ reason: String) {
        var fixture = Fixture(Self.flights)
        #expect(fixture.add(#"{"origin":"a","distance":2,"delay":3}"#) == nil)
        let before = fixture.rows
        #expect(fixture.add(line) == "aggregate: " + reason)
        #expect(fixture.rows == before)
    }

    @Test func nestedFieldsAreNamedInReasons() {
        var fixture = Fixture(AggregateSpecification(by: [], every: .seconds(1), sum: [("a.b", "s")]))
        #expect(fixture.add(#"{"a":{}}"#) == "aggregate: no such field: 'a.b'")
        #expect(fixture.add(#"{"a":5}"#) == "aggregate: 'a' is a number, not an object")
        #expect(fixture.add(#"{"a":{"b":[]}}"#) == "aggregate: 'a.b' is an array, not a number")
        #expect(fixture.table.isEmpty)
    }

    @Test func groupsAreLimited() {
        var fixture = Fixture(AggregateSpecification(by: ["k"], every: .seconds(1), count: "n", groupsMax: 3))
        for key in 0..<3 { #expect(fixture.add(#"{"k":\#(key)}"#) == nil) }
        #expect(fixture.add(#"{"k":3}"#) == "aggregate: more than 3 groups at one worker")
        #expect(fixture.add(#"{"k":2}"#) == nil)
        #expect(fixture.table.groupCount == 3)
    }

    @Test func bytesOfKeysAreLimited() {
        let specification = AggregateSpecification(by: ["k"], every: .seconds(1), count: "n", keyBytesMax: 1000)
        var fixture = Fixture(specification)
        let long = String(repeating: "x", count: 600)
        #expect(fixture.add(#"{"k":"a\#(long)"}"#) == nil)
        #expect(fixture.add(#"{"k":"b\#(long)"}"#) == "aggregate: keys of more than 1000 bytes at one worker")
        #expect(fixture.add(#"{"k":"a\#(long)"}"#) == nil)
        #expect(fixture.add(#"{"k":"short"}"#) == nil)
        #expect(fixture.table.groupCount == 2)
        fixture.table.removeAll()
        #expect(fixture.add(#"{"k":"b\#(long)"}"#) == nil)
    }

    @Test(arguments: [
        (["1", "2"], "3", "1", "2"), (["1", "2.5"], "3.5", "1", "2.5"), (["10", "0.0"], "10.0", "0.0", "10"),
        (["9223372036854775807", "1"], "9.223372036854776e+18", "1", "9223372036854775807"),
        (["9223372036854775807", "1", "-2"], "9223372036854775806", "-2", "9223372036854775807"),
        (
            ["-9223372036854775808", "-9223372036854775808"], "-1.8446744073709552e+19", "-9223372036854775808",
            "-9223372036854775808"
        ),
        (["1", "1.0"], "2.0", "1", "1"), (["1.0", "1"], "2.0", "1", "1"), (["-0.0", "0"], "0.0", "0", "0"),
        (["0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1", "0.1"], "1.0", "0.1", "0.1"),
        (["1e308", "1e308"], "null", "1e+308", "1e+308"),
        (
            ["9007199254740993", "9007199254740992.0"], "1.8014398509481984e+16", "9007199254740992.0",
            "9007199254740993"
        ),
        (["1e16", "1", "-1e16"], "1.0", "-1e+16", "1e+16"),
    ])
    func numbersAreExact(_ numbers: [String], _ sum: String, _ min: String, _ max: String) {
        let specification = AggregateSpecification(
            by: [],
            every: .seconds(1),
            sum: [("x", "sum")],
            min: [("x", "min")],
            max: [("x", "max")]
        )
        var fixture = Fixture(specification)
        for number in numbers { #expect(fixture.add(#"{"x":\#(number)}"#) == nil) }
        #expect(fixture.rows == [#"{"sum":\#(sum),"min":\#(min),"max":\#(max),}"#])
    }

    /// Events spread over several tables and merged give the rows of one table, whatever the order.
    @Test func mergingIsAddingToOneTable() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<40 {
            var single = Fixture(Self.flights)
            var parts = (0..<4).map { _ in Fixture(Self.flights) }
            for _ in 0..<Int.random(in: 0..<400, using: &generator) {
                let key = Int.random(in: 0..<60, using: &generator)
                // Quarters add up exactly, so that the order of doubles cannot show.
                let quarter = Double(Int.random(in: -4_000...4_000, using: &generator)) / 4
                let whole = Int64.random(in: .min ... .max, using: &generator)
                let distance = round % 2 == 0 ? "\(quarter)" : "\(whole)"
                let delay = Bool.random(using: &generator) ? "\(quarter)" : "\(Int(quarter))"
                let line = #"{"origin":"\#(key)","distance":\#(distance),"delay":\#(delay)}"#
                #expect(single.add(line) == nil)
                #expect(parts[Int.random(in: 0..<4, using: &generator)].add(line) == nil)
            }
            var merged = Fixture(Self.flights)
            for part in parts.shuffled(using: &generator) { merged.table.merge(part.table) }
            #expect(merged.rows == single.rows, "seed \(seed), round \(round)")
        }
    }

    @Test func manyGroupsAreFoundAgain() {
        var fixture = Fixture(AggregateSpecification(by: ["k"], every: .seconds(1), count: "n"))
        for _ in 0..<2 {
            for key in 0..<3_000 { #expect(fixture.add(#"{"k":"key-\#(key)"}"#) == nil) }
        }
        #expect(fixture.table.groupCount == 3_000)
        #expect(fixture.rows.allSatisfy { $0.hasSuffix(#""n":2,}"#) })
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_500_000_000, "1970-01-01T00:00:01.500Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00Z"), (1_709_251_199_042_999_999, "2024-02-29T23:59:59.042Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59Z"), (1_795_468_800_000_000_000, "2026-11-23T21:20:00Z"),
            (Int64.max, "2262-04-11T23:47:16.854Z"), (Int64.min, "1677-09-21T00:12:43.145Z"),
        ] as [(Int64, String)]
    )
    func windowsAreWrittenAsRFC3339(_ time: Int64, _ text: String) {
        var fixture = Fixture(AggregateSpecification(by: [], every: .seconds(1), count: "n"))
        #expect(fixture.add("{}") == nil)
        var bytes: [UInt8] = []
        #expect(fixture.table.appendRows(windowStart: time, windowEnd: time, to: &bytes) == 1)
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"{"n":1,"window_start":"\#(text)","window_end":"\#(text)"}"#
                + "\n"
        )
    }

    @Test func namesThatClashAreTold() {
        func problem(by: [String], count: String? = nil, sum: [(field: String, name: String)] = []) -> String? {
            AggregateSpecification(by: by, every: .seconds(1), count: count, sum: sum).problem()
        }
        #expect(problem(by: ["a", "b.c"], count: "n", sum: [("a", "s")]) == nil)
        #expect(problem(by: ["a", "a"]) == "two values of a row would be called 'a'")
        #expect(problem(by: ["a"], count: "a") == "two values of a row would be called 'a'")
        #expect(problem(by: [], count: "n", sum: [("x", "n")]) == "two values of a row would be called 'n'")
        #expect(problem(by: ["window_start"]) == "two values of a row would be called 'window_start'")
        #expect(problem(by: ["a..b"]) == "'a..b' is no field path")
        #expect(problem(by: [""]) == "'' is no field path")
        #expect(problem(by: [], count: "") == "a result has no name")
    }
}

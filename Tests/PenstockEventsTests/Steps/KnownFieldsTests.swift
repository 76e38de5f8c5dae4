//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

/// What is known before a run of the fields that a later step can find.
@Suite(.timeLimit(.minutes(5)))
struct KnownFieldsTests {
    private func known(_ decode: DecodeFormat, _ steps: StepDescription...) -> KnownFields {
        var known = KnownFields(decode)
        for step in steps { known.pass(step) }
        return known
    }

    private func problem(_ path: String, _ known: KnownFields) -> String? {
        known.problem(of: FieldPaths.split(path))
    }

    @Test func decodedEventsMayHaveAnyFieldOrNone() {
        #expect(self.known(.json).areObjects)
        #expect(self.problem("a.b", self.known(.json)) == nil)
        #expect(!self.known(.lines).areObjects)
    }

    @Test func selectLeavesItsPathsAndWhatIsInThem() {
        let known = self.known(.json, .select(["a", "b.c"]))
        for path in ["a", "a.x", "b", "b.c", "b.c.d"] { #expect(self.problem(path, known) == nil) }
        for path in ["c", "b.d", "ab"] { #expect(self.problem(path, known) != nil) }
        #expect(known.names == ["a", "b.c"])
    }

    @Test func renameTakesNamesAway() {
        let known = self.known(.json, .rename([.init(old: "a", new: "b"), .init(old: "c", new: "d")]))
        #expect(self.problem("a", known) == "'a' is called 'b' by then")
        #expect(self.problem("b", known) == nil)
        #expect(self.problem("x", known) == nil)
        let swapped = self.known(.json, .rename([.init(old: "a", new: "b"), .init(old: "b", new: "a")]))
        #expect(self.problem("a", swapped) == nil)
        #expect(self.problem("b", swapped) == nil)
    }

    @Test func renameBehindSelectKnowsAllNames() {
        let known = self.known(.json, .select(["a.x", "b"]), .rename([.init(old: "a", new: "b")]))
        #expect(known.names == ["b.x"])
    }

    @Test func parseMakesItsGroupsKnown() {
        let lines = self.known(.lines, .parse(ParseDescription(.pattern("(?<ip>.)(?<n>.)"))))
        #expect(lines.areObjects)
        #expect(lines.names == ["ip", "n"])
        var ofField = ParseDescription(.pattern("(?<k>.)"))
        ofField.field = "text"
        #expect(self.known(.json, .parse(ofField)).names == nil)
        #expect(self.known(.json, .select(["text"]), .parse(ofField)).names == ["text", "k"])
    }

    @Test func rowsHaveTheNamesOfTheAggregate() {
        var aggregate = AggregateDescription(by: ["a.b"], every: .seconds(1), count: "n")
        aggregate.sum = [.init(field: "x", name: "total")]
        let known = self.known(.json, .aggregate(aggregate))
        #expect(known.names == ["a.b", "n", "total", "window_start", "window_end"])
    }
}

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

@Suite("Numbers in reports")
struct ReportNumbersTests {
    @Test("Throughputs, times and memory have the unit that keeps them short", .timeLimit(.minutes(5)))
    func units() {
        #expect(
            [0, 999.4, 999.6, 12_345, 999_400, 999_600, 48_765_432].map(shown(jobsPerSecond:)) == [
                "0/s", "999/s", "1.00 K/s", "12.3 K/s", "999 K/s", "1.00 M/s", "48.8 M/s",
            ]
        )
        #expect(
            [0, 0.25, 11.25, 2720, 3.9e6].map(shown(microseconds:)) == [
                "0 ns", "250 ns", "11.3 µs", "2.72 ms", "3.90 s",
            ]
        )
        #expect([21.44, 99.96, 8200].map(shown(mebibytes:)) == ["21.4 MiB", "100 MiB", "8,200 MiB"])
    }

    @Test("Percent have a decimal only where it says something", .timeLimit(.minutes(5)))
    func percents() {
        #expect(
            [0, 0.03, 0.07, 0.025, 0.0999, 0.1, 0.126, 1.46].map(percent) == [
                "0 %", "3 %", "7 %", "2.5 %", "10 %", "10 %", "13 %", "146 %",
            ]
        )
    }

    @Test("A table aligns its columns", .timeLimit(.minutes(5)))
    func table() {
        var table = TextTable(["name", "µs", ""])
        table.add(["a", "1,000", ""])
        table.add(["longest", "7", "<-"])
        #expect(table.text == "name         µs\na         1,000\nlongest       7   <-\n")
    }
}

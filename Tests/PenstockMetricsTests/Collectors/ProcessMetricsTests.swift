//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockMetrics

@Suite("The process in a scrape")
struct ProcessMetricsTests {
    @Test func `the process is described`() throws {
        let registry = MetricsRegistry()
        registry.watchProcess()
        registry.describeBuild(version: "1.2.3")
        let scrape = registry.snapshot()
        #expect(try #require(scrape.number("process_cpu_seconds_total")) > 0)
        let resident = try #require(scrape.number("process_resident_memory_bytes"))
        #expect(resident > 1_000_000)
        #expect(try #require(scrape.number("process_virtual_memory_bytes")) >= resident)
        #expect(try #require(scrape.number("process_open_fds")) >= 1)
        #expect(try #require(scrape.number("process_max_fds")) >= 1)
        // Between 2020 and 2100.
        #expect((1.5e9...4.1e9).contains(try #require(scrape.number("process_start_time_seconds"))))
        #expect(try #require(scrape.number("process_threads")) >= 1)
        let build = try #require(scrape.families.first { $0.family.name == "penstock_build_info" }?.samples.first)
        #expect(build.labels[0] == MetricLabel("version", "1.2.3"))
        #expect(build.labels[1].value.hasPrefix("6."))
    }

    #if os(Linux)
    @Test func `a program's name may look like anything`() {
        var facts = ProcessFacts()
        let rest = "S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 7 0 1000 4096 3 18446744073709551615"
        facts.take(stat: "42 (a) b (c) \n1 2) \(rest)\n", ticksPerSecond: 100, pageBytes: 4_096)
        #expect(facts.processorSeconds == 4)
        #expect(facts.threads == 7)
        #expect(facts.startTime == 10)
        #expect(facts.virtualBytes == 4_096)
        #expect(facts.residentBytes == 3 * 4_096)
        var none = ProcessFacts()
        none.take(stat: "42 (a) S 1", ticksPerSecond: 100, pageBytes: 4_096)
        #expect(none == ProcessFacts())
    }
    #endif
}

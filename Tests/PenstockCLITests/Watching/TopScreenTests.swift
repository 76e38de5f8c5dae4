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

@Suite("The screen of penstock top", .timeLimit(.minutes(5)))
struct TopScreenTests {
    private static let status = #"""
        {"pipeline":"flights","phase":"running","elapsed_seconds":3725.4,"ready":true,"reasons":[],"balanced":true,
         "events":{"accepted":1234567,"in_flight":42,"dead_lettered":3,"dropped":{"abandoned":2}},
         "events_per_second":{"accepted":412000.0,"ended":410000.5},
         "latency_seconds":{"p50":0.0021,"p95":0.0046,"p99":0.0084,"max":0.02},
         "queue":{"depth":7200,"capacity":10000,"utilization":0.72,"oldest_age_seconds":0.021,"held_share":0.4},
         "workers":{"count":2,"list":[
           {"name":"flights/worker-0","activity":"busy","elapsed_seconds":0.0004,"events":64},
           {"name":"flights/worker-1","activity":"blocked","elapsed_seconds":0.013,"events":0}]},
         "time_budget":{"busy":0.35,"blocked":0.6,"idle":0.05},
         "sources":[{"name":"in","type":"file","events":1234567,"events_per_second":412000,"bytes_per_second":81000000}],
         "sinks":[{"name":"pg","type":"postgres","delivered_per_second":1200,"depth":480,"capacity":1000,"utilization":0.98,
           "write_seconds":{"p99":0.024},"failures":2,"wait_share":0.91}],
         "slowest":[{"source":"in","position":99210,"events":64,"elapsed_seconds":0.41,"age_seconds":12.2}],
         "diagnoses":[{"level":"warning","text":"sink `pg` is the bottleneck: workers spend 91 % of their time waiting for it"}]}
        """#

    private static func lines(_ columns: Int, _ rows: Int, _ mode: TopScreen.Mode = .watching) throws -> [TopScreen
        .Line]
    {
        TopScreen(try #require(JSONValue(Self.status)), size: .init(columns: columns, rows: rows)).lines(mode)
    }

    @Test("It fills a screen, and no more", arguments: [(80, 24), (120, 40), (60, 10), (200, 5)])
    func fits(columns: Int, rows: Int) throws {
        for mode: TopScreen.Mode in [
            .watching, .help, .asking("Drain?"), .noting(String(repeating: "long ", count: 99)),
        ] {
            let lines = try Self.lines(columns, rows, mode)
            #expect(lines.count == rows)
            #expect(lines.allSatisfy { $0.text.count <= columns })
        }
    }

    @Test("It says what matters in 80 columns and 24 rows")
    func small() throws {
        let lines = try Self.lines(80, 24)
        let texts = lines.map(\.text)
        #expect(texts[0] == "flights  running  ready" + String(repeating: " ", count: 50) + "1:02:05")
        #expect(texts[2] == "events    in 412 K/s   out 410 K/s   accepted 1,234,567")
        #expect(texts[3] == "latency   p50 2.10 ms   p95 4.60 ms   p99 8.40 ms   max 20.0 ms")
        #expect(texts[4] == "queue     ██████████░░░░  72 %  7,200 of 10,000  age 21.0 ms  held 40 %")
        #expect(texts[5] == "workers   █████▒▒▒▒▒▒▒▒░  busy 35 %  blocked 60 %  idle 5 %  of 2")
        #expect(texts[6] == "ledger    balanced   in flight 42   dead letters 3   dropped 2")
        #expect(texts[8] == "warning: sink `pg` is the bottleneck: workers spend 91 % of their time waiting")
        #expect(texts[9] == "  for it")
        #expect(lines[8].style == .warning && lines[9].style == .warning)
        #expect(texts.contains { $0.hasPrefix("pg ") && $0.contains("98 %") && $0.hasSuffix("91 %") })
        #expect(lines.last?.text.hasPrefix("q quit") == true && lines.last?.style == .keys)
    }

    @Test("A queue that is full of bytes shows its bytes")
    func bytes() throws {
        let queue = #"{"depth":72,"capacity":10000,"utilization":0.75,"bytes":50331648,"bytes_max":67108864}"#
        let text = #"{"phase":"running","queue":"# + queue + "}"
        let screen = TopScreen(try #require(JSONValue(text)), size: .init(columns: 80, rows: 24))
        #expect(screen.lines().contains { $0.text.contains("75 %  50.3 MB of 67.1 MB") }, "\(screen.lines())")
    }

    @Test("A durable queue has a line of its own, which says when it takes nothing")
    func stored() throws {
        let store = #""store":{"events":1200,"bytes":500000,"bytes_max":1000000,"utilization":0.5,"full":true"#
        for (more, end, style) in [
            ("}", "FULL", TopScreen.Style.warning), (#","failure":"No space"}"#, "CANNOT WRITE", .problem),
        ] {
            let text = #"{"phase":"running","queue":{"# + store + more + "}}"
            let lines = TopScreen(try #require(JSONValue(text)), size: .init(columns: 80, rows: 24)).lines()
            let line = try #require(lines.first { $0.text.hasPrefix("stored ") })
            #expect(line.text.hasSuffix("50 %  500 kB of 1.00 MB  1,200 events  \(end)") && line.style == style)
        }
    }

    @Test("A larger screen shows the workers and the slowest batches too")
    func large() throws {
        let text = try Self.lines(120, 40).map(\.text).joined(separator: "\n")
        for part in ["SOURCE", "SINK", "WORKER", "flights/worker-1", "SLOWEST BATCH", "99,210"] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test("What a server has told cannot move the terminal")
    func hostile() throws {
        let text =
            #"{"phase":"running","pipeline":"\u001b[2Jx","diagnoses":[{"level":"problem","text":"a\u001b]0;b"}]}"#
        let screen = TopScreen(try #require(JSONValue(text)), size: .init(columns: 80, rows: 24))
        #expect(screen.lines().allSatisfy { !$0.text.unicodeScalars.contains { $0.value < 0x20 } })
        #expect(throws: WatchProblem.self) { try TopScreen.once("<html>") }
    }

    @Test("NO_COLOR and the locale are heeded")
    func environment() {
        for (environment, hasColors, hasUnicode) in [
            (["LANG": "en_GB.UTF-8"], true, true), (["LANG": "C.utf8", "NO_COLOR": ""], true, true),
            (["LANG": "de_DE.UTF-8", "NO_COLOR": "1"], false, true), ([:], true, false),
            (["LANG": "de_DE.UTF-8", "LC_ALL": "C"], true, false),
            (["LANG": "de_DE.UTF-8", "LC_CTYPE": "POSIX", "LC_ALL": ""], true, false),
            (["LANG": "C", "LC_CTYPE": "en_US.UTF-8"], true, true),
        ] as [([String: String], Bool, Bool)] {
            let abilities = TerminalAbilities { environment[$0] }
            #expect(abilities.hasColors == hasColors && abilities.hasUnicode == hasUnicode, "\(environment)")
        }
    }

    @Test("Without colours and Unicode the same is said, as wide as before")
    func plain() throws {
        let lines = try Self.lines(80, 24)
        let plain = TopTerminal.text(lines, TerminalAbilities { $0 == "NO_COLOR" ? "1" : nil })
        #expect(plain.utf8.allSatisfy { $0 < 0x80 } && !plain.contains("\u{1B}[3"))
        #expect(plain.contains("queue     ##########....  72 %") && plain.contains("workers   #####========."))
        #expect(plain.contains("400 us"), "\(plain)")
        let full = TopTerminal.text(lines, TerminalAbilities { $0 == "LANG" ? "C.UTF-8" : nil })
        #expect(full.contains("\u{1B}[33mwarning: sink") && full.contains("400 µs"))
        #expect(TerminalAbilities { _ in nil }.fitted("a…é█") == "a~?#")
    }

    @Test("Keys lead to orders; a drain is asked for first")
    func keys() throws {
        var state = TopState()
        #expect(state.press(UInt8(ascii: "+")) == .nothing, "nobody knows yet how many workers there are")
        state.take(try #require(JSONValue(Self.status)))
        #expect(state.press(UInt8(ascii: "+")) == .order("/resize?workers=3"))
        #expect(state.press(UInt8(ascii: "-")) == .order("/resize?workers=1"))
        #expect(state.press(UInt8(ascii: "p")) == .order("/pause"))
        #expect(state.press(UInt8(ascii: "r")) == .order("/resume"))
        #expect(state.press(UInt8(ascii: "d")) == .nothing)
        #expect(state.press(UInt8(ascii: "n")) == .nothing)
        #expect(state.press(UInt8(ascii: "d")) == .nothing)
        #expect(state.lines(size: .init(columns: 80, rows: 24)).last?.text.hasPrefix("Drain?") == true)
        #expect(state.press(UInt8(ascii: "y")) == .order("/drain"))
        #expect(state.press(UInt8(ascii: "?")) == .nothing)
        #expect(state.lines(size: .init(columns: 80, rows: 24))[0].text == "penstock top")
        #expect(state.press(UInt8(ascii: "d")) == .nothing, "any key leaves the help, and does nothing else")
        #expect(state.press(UInt8(ascii: "y")) == .nothing)
        #expect(state.press(UInt8(ascii: "q")) == .leave)
        #expect(state.press(0x03) == .leave)
    }
}

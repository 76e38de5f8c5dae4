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

@testable import PenstockCLI

@Suite("Pipeline files")
struct PipelineFileTests {
    @Test("A queue in memory has any policy", arguments: QueueDescription.WhenFull.allCases)
    func queuePolicies(_ whenFull: QueueDescription.WhenFull) throws {
        let file = try PipelineFile.read(WrongFile.right + "queue: { when_full: \(whenFull.rawValue) }\n")
        #expect(file.description.queue.whenFull == whenFull)
        let text = PipelineSummary(file).text()
        let says =
            switch whenFull {
            case .wait: "sources wait"
            case .reject: "events are refused and counted"
            case .dropNewest: "events are dropped and counted"
            case .dropOldest: "those that waited longest are dropped and counted"
            }
        #expect(text.contains("queue         10,000 events, 64 MiB; \(says) when it is full\n"), "\(text)")
    }

    #if Server
    @Test("Lines that have become objects, and dead letters, are posted as an array", .timeLimit(.minutes(5)))
    func arraysOfObjects() throws {
        let array = "{ type: http, url: \"http://a/\", format: json_array }"
        let head = "pipeline: p\nsources:\n  in: { type: stdin }\ndecode: lines\n"
        for rest in [
            "steps:\n  - parse: { regex: '(?<status>\\d+)' }\nsinks:\n  out: \(array)\n",
            "steps:\n  - aggregate: { every: 1s, count: n }\nsinks:\n  out: \(array)\n",
            "sinks:\n  out: { type: stdout }\ndead_letter: \(array)\n",
        ] {
            _ = try PipelineFile.read(head + rest)
        }
    }
    #endif

    @Test("Every key that runs is read", .timeLimit(.minutes(5)))
    func everyKey() throws {
        let file = try PipelineFile.read(
            """
            pipeline: flights-2
            sources:
              in: { type: file, path: flights.ndjson, repeat: 250 }
              made: { type: generate, rate: 1.5M/s, count: 5000000 }
              rest: { type: stdin }
            decode: json
            queue: { events: 500, bytes: 1.5MiB, when_full: wait, store: memory }
            workers: 3
            order: none
            steps:
              - filter: delay > 60 && origin != "DFW"
              - aggregate:
                  by: [origin, actor.id]
                  every: 10s
                  count: flights
                  sum: { distance: miles }
                  min: { delay: least }
                  max: { delay: worst }
            sinks:
              out: { type: file, path: late.ndjson }
              copy: { type: stdout }
            dead_letter: { type: file, path: dead.ndjson }
            shutdown: { delay: 50ms, drain: 1.5m }
            tests:
              - name: keeps late flights
                input: [ { origin: ORD, delay: 61, distance: 10 } ]
                sink: out
                expect: [ { origin: ORD, flights: 1 } ]
            """
        )
        let description = file.description
        #expect(description.name == "flights-2")
        #expect(
            description.sources == [
                NamedSource(name: "in", kind: .file(path: "flights.ndjson", repeat: 250)),
                NamedSource(name: "made", kind: .generate(rate: 1_500_000, count: 5_000_000)),
                NamedSource(name: "rest", kind: .stdin),
            ]
        )
        #expect(description.decode == .json)
        #expect(description.queue.events == 500)
        #expect(description.queue.bytes == 1_572_864)
        #expect(description.workers == 3)
        var aggregate = AggregateDescription(by: ["origin", "actor.id"], every: .seconds(10), count: "flights")
        aggregate.sum = [.init(field: "distance", name: "miles")]
        aggregate.min = [.init(field: "delay", name: "least")]
        aggregate.max = [.init(field: "delay", name: "worst")]
        #expect(description.steps == [.filter("delay > 60 && origin != \"DFW\""), .aggregate(aggregate)])
        #expect(
            description.sinks == [
                NamedSink(name: "out", kind: .file(path: "late.ndjson")), NamedSink(name: "copy", kind: .stdout),
            ]
        )
        #expect(description.deadLetter == .file(path: "dead.ndjson", options: .letters))
        #expect(description.shutdown.delay == .milliseconds(50))
        #expect(description.shutdown.drain == .seconds(90))
        #expect(file.tests.count == 1)
        #expect(file.paths.map(\.path) == ["flights.ndjson", "late.ndjson", "dead.ndjson"])
    }

    @Test("Every option of a sink is read", .timeLimit(.minutes(5)))
    func everySinkOption() throws {
        let file = try PipelineFile.read(
            """
            pipeline: p
            sources: { in: { type: stdin } }
            sinks:
              late:
                type: file
                path: late.ndjson
                mode: append
                rotate: { size: 1MiB, keep: 3 }
                fsync: batch
                when: delay > 60
                when_full: drop
                queue: { events: 7, bytes: 1KiB }
                batch: { events: 5, bytes: 2KiB, linger: 100ms }
                retry: { attempts: 9, initial: 1s, max: 1m }
              rest: { type: null, when: delay <= 60 }
              other: { type: "null" }
            dead_letter: { type: file, path: dead.ndjson, mode: append, retry: { attempts: 2 } }
            """
        )
        var options = SinkOptions()
        options.when = "delay > 60"
        options.whenFull = .drop
        options.queueEventsMax = 7
        options.queueBytesMax = 1024
        options.batchEventsMax = 5
        options.batchBytesMax = 2048
        options.linger = .milliseconds(100)
        options.retry.attemptsMax = 9
        options.retry.backoffInitial = .seconds(1)
        options.retry.backoffMax = .seconds(60)
        var written = FileOptions()
        written.mode = .append
        written.rotation = .init(bytesMax: 1 << 20, keep: 3)
        written.sync = .batch
        var rest = SinkOptions()
        rest.when = "delay <= 60"
        #expect(
            file.description.sinks == [
                NamedSink(name: "late", kind: .file(path: "late.ndjson", options: written), options: options),
                NamedSink(name: "rest", kind: .null, options: rest), NamedSink(name: "other", kind: .null),
            ]
        )
        var appended = FileOptions()
        appended.mode = .append
        #expect(file.description.deadLetter == .file(path: "dead.ndjson", options: appended))
        #expect(file.description.deadLetterRetry.attemptsMax == 2)
    }

    @Test("What is left out has its default", .timeLimit(.minutes(5)))
    func defaults() throws {
        let description = try PipelineFile.read(WrongFile.right).description
        #expect(description.decode == .json)
        #expect(description.queue == QueueDescription())
        #expect(description.workers == nil)
        #expect(description.steps.isEmpty)
        #expect(description.deadLetter == nil)
        #expect(description.shutdown == ShutdownDescription())
    }

    @Test(
        "Other ways to write the same",
        .timeLimit(.minutes(5)),
        arguments: [
            "workers: auto", "queue: { store: { type: memory } }", "decode: \"json\"", "decode: 'json'",
            "order: none", "steps: []", "tests: []", "shutdown: { drain: 0s }", "queue: {}", "...", "# the end",
            "decode: lines\nsteps:\n  - aggregate: { every: 1s, count: n }",
            "steps:\n  - filter: \"!(a > 1)\"", "steps:\n  - filter: true",
            "steps:\n  - aggregate: { by: [NO], every: 1s, count: \"5\" }",
        ]
    )
    func otherWays(_ rest: String) {
        #expect(WrongFileTests.diagnostics(of: WrongFile.right + rest + "\n") == [])
        let withoutLineEnd = WrongFile.right + rest
        #expect(WrongFileTests.diagnostics(of: withoutLineEnd) == [])
        let windows = withoutLineEnd.replacing("\n", with: "\r\n")
        #expect(WrongFileTests.diagnostics(of: windows) == [])
    }

    @Test("Aliases stand for what they name", .timeLimit(.minutes(5)))
    func aliases() throws {
        let file = try PipelineFile.read(
            """
            pipeline: &name late
            sources: { in: { type: stdin } }
            steps:
              - filter: &late delay > 60
              - filter: *late
            sinks: { *name : { type: stdout } }
            """
        )
        #expect(file.description.steps == [.filter("delay > 60"), .filter("delay > 60")])
        #expect(file.description.sinks.map(\.name) == ["late"])
    }

    @Test("A name may be a number", .timeLimit(.minutes(5)))
    func numericName() throws {
        let text = WrongFile.right.replacing("pipeline: p", with: "pipeline: 2024")
        #expect(try PipelineFile.read(text).description.name == "2024")
    }

    @Test("A byte order mark is no fault", .timeLimit(.minutes(5)))
    func byteOrderMark() throws {
        let text = try PipelineFile.text(of: [0xEF, 0xBB, 0xBF] + Array(WrongFile.right.utf8))
        #expect(text == WrongFile.right)
    }

    @Test(
        "What is not UTF-8 is shown where it stands",
        .timeLimit(.minutes(5)),
        arguments: [
            ([0xFF, 0xFE], Place(line: 1, column: 1), "0xFF"),
            (Array("a: é\nb: ".utf8) + [0xC3, 0x28], Place(line: 2, column: 4), "0xC3"),
            (Array("a\n".utf8) + [0xE2, 0x82], Place(line: 2, column: 1), "0xE2"),
            ([0xC0, 0x80], Place(line: 1, column: 1), "0xC0"),
        ] as [([UInt8], Place, String)]
    )
    func notUTF8(_ bytes: [UInt8], place: Place, byte: String) {
        let error = #expect(throws: DiagnosticsError.self) { try PipelineFile.text(of: bytes) }
        #expect(error?.diagnostics.first?.place == place)
        #expect(error?.diagnostics.first?.message == "the file is not UTF-8: byte \(byte)")
    }
}

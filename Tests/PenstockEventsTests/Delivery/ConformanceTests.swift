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

/// The suites that every source and sink passes, and that they find what is wrong.
@Suite(.timeLimit(.minutes(5)))
struct ConformanceTests {
    private let folder = TemporaryFolder()

    @Test func collectingSink() async throws {
        try await SinkConformance {
            CollectingSink()
        } contents: {
            ($0 as? CollectingSink)?.lines ?? []
        }.run()
    }

    @Test func fileSinkInALane() async throws {
        try await SinkConformance { [folder] in
            folder.write("", to: "out")
            guard case .success(let file) = FileDescriptor.open(folder["out"], 2), let facts = file.facts() else {
                throw CancellationError()
            }
            return WriterSink(
                writer: SinkWriter(
                    name: "out",
                    place: "a file",
                    file: file,
                    facts: facts,
                    path: folder["out"],
                    options: FileOptions(),
                    time: .system
                )
            )
        } contents: { [folder] _ in
            folder.lines(of: "out")
        }.run()
    }

    @Test func countedSource() async throws {
        let lines = (0..<3000).map { "line \($0)" }
        try await SourceConformance(expected: lines) { CountedSource(lines, batchMax: 300) }.run()
    }

    @Test func sinkThatLosesEventsIsFound() async throws {
        struct Careless: EventSink {
            func write(_ batch: SinkBatch) async throws -> SinkAnswer { .delivered }
        }
        let failure = await #expect(throws: ConformanceFailure.self) {
            try await SinkConformance {
                Careless()
            } contents: { _ in
                []
            }.run()
        }
        #expect(failure?.faults.contains { $0.hasPrefix("the sink has other events than came") } == true)
        #expect(failure?.faults.contains { $0.hasPrefix("a drain has delivered") } == true)
    }

    @Test func sourceThatGivesANameTwiceIsFound() async throws {
        struct Careless: EventSource {
            func run(_ feed: SourceFeed) async throws {
                for line in ["a", "b"] { try await feed.send(SourceBatch(id: 1, text: line)) }
            }
        }
        let failure = await #expect(throws: ConformanceFailure.self) {
            try await SourceConformance(expected: ["a", "b"]) { Careless() }.run()
        }
        #expect(failure?.faults.contains { $0.contains("a name was given to two batches") } == true)
    }
}

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

/// What a pipeline refuses before anything moves.
@Suite(.timeLimit(.minutes(5)))
struct PipelineStartTests {
    private let folder = TemporaryFolder()

    private func description(from source: String, to sink: String) -> PipelineDescription {
        PipelineDescription(
            name: "test",
            sources: [NamedSource(name: "in", kind: .file(path: source))],
            sinks: [NamedSink(name: "out", kind: .file(path: sink))]
        )
    }

    private func refusal(_ description: PipelineDescription) async throws -> String {
        let pipeline = try Pipeline(description)
        let before = self.folder.names
        let problems = pipeline.check()
        #expect(problems.count == 1)
        #expect(self.folder.names == before)
        var message = ""
        do {
            _ = try await pipeline.run()
        } catch let error as PenstockError {
            message = error.message
        }
        #expect(problems.first?.message == message)
        #expect(self.folder.names == before)
        return message
    }

    @Test func missingSource() async throws {
        self.folder.write("old\n", to: "out")
        let message = try await self.refusal(self.description(from: self.folder["none"], to: self.folder["out"]))
        #expect(message.contains("The source \"in\" cannot read"))
        #expect(message.contains("No such file"))
        #expect(self.folder.lines(of: "out") == ["old"])
    }

    @Test func folderAsSource() async throws {
        let message = try await self.refusal(self.description(from: self.folder.path, to: self.folder["out"]))
        #expect(message.contains("cannot read"))
    }

    @Test func sinkInAFolderThatIsNotThere() async throws {
        let source = self.folder.write("{}\n", to: "in")
        self.folder.write("old\n", to: "first")
        var description = self.description(from: source, to: self.folder["first"])
        description.sinks.append(NamedSink(name: "new", kind: .file(path: self.folder["new"])))
        description.sinks.append(NamedSink(name: "bad", kind: .file(path: self.folder["none/out"])))
        let message = try await self.refusal(description)
        #expect(message.contains("The sink \"bad\" cannot write to"))
        #expect(self.folder.lines(of: "first") == ["old"])
    }

    @Test func sourceThatIsAlsoASink() async throws {
        let source = self.folder.write("{}\n", to: "in")
        let message = try await self.refusal(self.description(from: source, to: "\(self.folder.path)/./in"))
        #expect(message.contains("the source \"in\" uses too"))
        #expect(self.folder.lines(of: "in") == ["{}"])
    }

    @Test func oneFileForTwoSinks() async throws {
        let source = self.folder.write("{}\n", to: "in")
        self.folder.write("", to: "out")
        var description = self.description(from: source, to: self.folder["out"])
        description.deadLetter = .file(path: "\(self.folder.path)/../\(self.folder.path.dropFirst(5))/out")
        let message = try await self.refusal(description)
        #expect(message.contains("The dead-letter sink writes to"))
        #expect(message.contains("the sink \"out\" uses too"))
    }

    @Test func oneNewFileForTwoSinks() async throws {
        let source = self.folder.write("{}\n", to: "in")
        var description = self.description(from: source, to: self.folder["out"])
        description.deadLetter = .file(path: self.folder["out"])
        let message = try await self.refusal(description)
        #expect(message.contains("uses too"))
    }

    @Test func devicesTakeFromEverybody() async throws {
        let source = self.folder.write("{}\nno\n", to: "in")
        var description = self.description(from: source, to: "/dev/null")
        description.deadLetter = .file(path: "/dev/null")
        #expect(try Pipeline(description).check().isEmpty)
        #expect(try await Pipeline(description).run().balanced)
    }

    @Test func pipeThatNobodyReads() async throws {
        let source = self.folder.write("{}\n", to: "in")
        let (path, reading) = self.folder.makePipe("pipe")
        closeFile(reading)
        let pipeline = try Pipeline(self.description(from: source, to: path))
        await #expect(throws: PenstockError.self) { try await pipeline.run() }
    }

    @Test func wrongDescriptions() {
        let good = self.description(from: "a", to: "b")
        var wrong: [PipelineDescription] = []
        func add(_ change: (inout PipelineDescription) -> Void) {
            var description = good
            change(&description)
            wrong.append(description)
        }
        add { $0.sources = [] }
        add { $0.sinks = [] }
        add { $0.sinks.append($0.sinks[0]) }
        add { $0.queue.events = 0 }
        add { $0.queue.bytes = 0 }
        add {
            $0.queue.store = .durable(OwnStore(MemoryEventStore()), DurableQueueOptions())
            $0.queue.whenFull = .reject
        }
        add { $0.workers = 0 }
        add { $0.lineBytesMax = 0 }
        add { $0.steps = [.filter("delay >")] }
        add { $0.steps = [.aggregate(AggregateDescription(by: ["a"], every: .zero, count: "n"))] }
        add {
            $0.steps = [
                .aggregate(AggregateDescription(by: ["a"], every: .seconds(1), count: "n")), .filter("a > 1"),
            ]
        }
        add {
            $0.decode = .lines
            $0.steps = [.filter("a > 1")]
        }
        add { $0.sources = [NamedSource(name: "in", kind: .file(path: "a", repeat: 0))] }
        add { $0.sources = [NamedSource(name: "in", kind: .generate(rate: 0, count: nil))] }
        add { $0.sources = [NamedSource(name: "in", kind: .generate(rate: .nan, count: nil))] }
        add { $0.sources = [NamedSource(name: "in", kind: .generate(rate: nil, count: -1))] }
        for description in wrong {
            #expect(throws: PenstockError.self) { try Pipeline(description) }
        }
    }
}

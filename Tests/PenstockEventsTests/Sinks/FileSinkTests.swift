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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct FileSinkTests {
    private let folder = TemporaryFolder()

    private func run(_ lines: [String], _ options: FileOptions) async throws -> PipelineReport {
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        return try await Pipeline("test", configuration: configuration) {
            Source("in", CountedSource(lines))
            Decode.lines
            FileSink(self.folder["out"], options: options)
        }.run()
    }

    @Test func appendKeepsWhatIsThere() async throws {
        self.folder.write("old\n", to: "out")
        var options = FileOptions()
        options.mode = .append
        #expect(try await self.run(["a", "b"], options).balanced)
        #expect(try await self.run(["c"], options).balanced)
        #expect(self.folder.lines(of: "out") == ["old", "a", "b", "c"])
    }

    @Test func appendEndsATornLine() async throws {
        self.folder.write("old\ntor", to: "out")
        var options = FileOptions()
        options.mode = .append
        #expect(try await self.run(["a"], options).balanced)
        #expect(self.folder.lines(of: "out") == ["old", "tor", "a"])
    }

    /// A run that another one finds under way, and its file is its own until it ends.
    @Test(arguments: FileOptions.Mode.allCases, [nil, FileOptions.Rotation(bytesMax: 4, keep: 100)])
    func runHasItsFileToItself(mode: FileOptions.Mode, rotation: FileOptions.Rotation?) async throws {
        var options = FileOptions()
        options.mode = mode
        options.rotation = rotation
        let path = self.folder["out"]
        let first = Pipeline("first") { [options] in
            Source("in", CountedSource((0..<50).map { "\($0)" }, ending: .stall))
            Decode.lines
            FileSink(path, options: options)
        }
        async let running = first.run()
        while first.progress().events.delivered < 50 { await Task.yield() }
        let before = self.folder.read("out")
        let second = Pipeline("second") {
            Source("in", CountedSource(["x"]))
            Decode.lines
            FileSink(path)
        }
        let reason = "cannot write to \"\(path)\": another run, or somebody else, writes to it."
        #expect(second.check().first?.message.hasSuffix(reason) == true)
        let error = await #expect(throws: PenstockError.self) { try await second.run() }
        #expect(error?.message.hasSuffix(reason) == true, "\(String(describing: error))")
        #expect(self.folder.read("out") == before)
        first.drain(deadline: .seconds(60))
        #expect(try await running.balanced)
        #expect(try await self.run(["y"], FileOptions()).events.delivered == 1)
        #expect(self.folder.lines(of: "out") == ["y"])
    }

    /// Letters that are appended come from several runs; who would empty the file has it alone.
    @Test func lettersAreAppendedBySeveralRuns() async throws {
        let path = self.folder["dead"]
        func pipeline(_ name: String, ending: CountedSource.Ending, mode: FileOptions.Mode) -> Pipeline {
            var options = FileOptions()
            options.mode = mode
            return Pipeline(name) { [options] in
                Source("in", CountedSource([name], ending: ending))
                Decode.json
                Sink("out", TracedSink())
                DeadLetters(path, options: options)
            }
        }
        let first = pipeline("first", ending: .stall, mode: .append)
        async let running = first.run()
        while first.progress().events.deadLettered < 1 { await Task.yield() }
        #expect(try await pipeline("second", ending: .end, mode: .append).run().events.deadLettered == 1)
        let third = pipeline("third", ending: .end, mode: .truncate)
        #expect(third.check().count == 1)
        await #expect(throws: PenstockError.self) { try await third.run() }
        #expect(self.folder.lines(of: "dead").count == 2)
        first.drain(deadline: .seconds(60))
        #expect(try await running.balanced)
    }

    @Test func devicesBelongToEverybody() async throws {
        let first = Pipeline("first") {
            Source("in", CountedSource(["a"], ending: .stall))
            Decode.lines
            FileSink("/dev/null")
        }
        async let running = first.run()
        while first.progress().events.delivered < 1 { await Task.yield() }
        let second = try await Pipeline("second") {
            Source("in", CountedSource(["b"]))
            Decode.lines
            FileSink("/dev/null")
        }.run()
        #expect(second.events.delivered == 1)
        first.drain(deadline: .zero)
        #expect(try await running.balanced)
    }

    @Test(arguments: [FileOptions.Sync.batch, .interval])
    func synchronisedFile(sync: FileOptions.Sync) async throws {
        var options = FileOptions()
        options.sync = sync
        let report = try await self.run((0..<100).map { "\($0)" }, options)
        #expect(report.balanced)
        #expect(report.events.delivered == 100)
        #expect(self.folder.lines(of: "out").count == 100)
    }

    @Test(arguments: [1, 9, 10, 64, 1000])
    func rotatedFilesHoldEverythingAndNoMoreThanTheirSize(size: Int) async throws {
        let lines = (0..<200).map { "line \($0)" }
        var options = FileOptions()
        options.rotation = .init(bytesMax: size, keep: 300)
        let report = try await self.run(lines, options)
        #expect(report.balanced)
        #expect(report.events.delivered == 200)
        let older = (1...300).reversed().filter { self.folder.names.contains("out.\($0)") }
        let files = older.map { "out.\($0)" } + ["out"]
        #expect(files.flatMap { self.folder.lines(of: $0) } == lines)
        for file in files {
            #expect(self.folder.read(file).count <= size || self.folder.lines(of: file).count == 1)
        }
    }

    @Test func onlySoManyRotatedFilesAreKept() async throws {
        var options = FileOptions()
        options.rotation = .init(bytesMax: 20, keep: 2)
        #expect(try await self.run((0..<100).map { "line \($0)" }, options).balanced)
        #expect(self.folder.names == ["out", "out.1", "out.2"])
        #expect(self.folder.lines(of: "out").last == "line 99")
    }

    private func writer(_ path: String) throws -> SinkWriter {
        let file = try FileDescriptor.open(path, O_WRONLY).get()
        return SinkWriter(
            name: "out",
            place: "\"\(path)\"",
            file: file,
            facts: try #require(file.facts()),
            path: path,
            options: FileOptions(),
            time: .system
        )
    }

    @Test func fullDiskMayHaveRoomLater() throws {
        let writer = try self.writer("/dev/full")
        let outcome = Array("a\nb\n".utf8).withUnsafeBytes { writer.write($0, lines: 2) }
        #expect(outcome.delivered == 0)
        let reason = "writing to \"/dev/full\": No space left on device"
        #expect(outcome.failure == SinkWriter.Failure(reason: reason, isBroken: false))
        let again = Array("a\n".utf8).withUnsafeBytes { writer.write($0, lines: 1) }
        #expect(again.failure == outcome.failure)
    }

    @Test func pipeWithoutReaderIsBrokenForGood() throws {
        signal(SIGPIPE, SIG_IGN)
        let (path, reading) = self.folder.makePipe("pipe")
        let writer = try self.writer(path)
        closeFile(reading)
        for _ in 0..<2 {
            let outcome = Array("a\n".utf8).withUnsafeBytes { writer.write($0, lines: 1) }
            #expect(outcome.delivered == 0)
            #expect(outcome.failure?.isBroken == true)
        }
    }

    @Test func retryPolicyGrowsToItsBoundAndKeepsWhatTheSinkAsksFor() {
        var random = SeededGenerator(seed: 1)
        var retry = SinkRetry()
        retry.backoffInitial = .milliseconds(100)
        retry.backoffMax = .seconds(1)
        for attempt in 1...100 {
            let bound = attempt < 5 ? Duration.milliseconds(100) * (1 << (attempt - 1)) : .seconds(1)
            let delay = retry.delay(afterAttempt: attempt, atLeast: nil, using: &random)
            #expect(delay >= .zero && delay <= min(bound, .seconds(1)))
            #expect(retry.delay(afterAttempt: attempt, atLeast: .seconds(9), using: &random) == .seconds(9))
        }
    }
}

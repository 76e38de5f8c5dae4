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

/// A file that is followed, with real files: growth, rotation, truncation and restarts.
@Suite(.timeLimit(.minutes(5)))
struct FileTailTests {
    private let folder = TemporaryFolder()

    /// Runs a pipeline on the tail of `log` until a body has seen what it waits for.
    private func follow(
        from start: FileTail.Start = .beginning,
        checkpoint: Bool = true,
        notices: Locked<[String]> = Locked([]),
        sink: TracedSink = TracedSink(),
        _ body: @Sendable @escaping (TracedSink) async -> Void
    ) async throws -> PipelineReport {
        let tail = FileTail(
            self.folder["log"],
            checkpoint: checkpoint ? self.folder["state"] : nil,
            from: start,
            notice: { notice in notices.withLock { $0.append(notice) } }
        )
        // One worker keeps the order in which lines are read.
        var configuration = PipelineConfiguration()
        configuration.workers = 1
        let pipeline = Pipeline("tail", configuration: configuration) {
            Source("in", tail)
            Decode.lines
            Sink("out", sink)
        }
        let report = try await withThrowingTaskGroup(of: PipelineReport?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                await body(sink)
                pipeline.drain(deadline: .seconds(60))
                return nil
            }
            var report: PipelineReport?
            for try await one in group { report = one ?? report }
            return try #require(report)
        }
        #expect(report.balanced)
        return report
    }

    private func append(_ text: String) {
        let number = open(self.folder["log"], O_WRONLY | O_APPEND | O_CREAT, 0o644)
        writeAll(Array(text.utf8), to: number)
        close(number)
    }

    @Test func goesOnAsTheFileGrows() async throws {
        self.append("one\ntw")
        let report = try await self.follow { sink in
            await sink.wait(for: 1)
            #expect(sink.lines == ["one"])
            self.append("o\r\n\nthree\n")
            await sink.wait(for: 3)
            self.append("unfinished")
        }
        #expect(report.events.delivered == 3)
        #expect(report.exit.name == "interrupted")
    }

    @Test func waitsForAFileThatIsToCome() async throws {
        _ = try await self.follow { sink in
            self.append("first\n")
            await sink.wait(for: 1)
        }
    }

    @Test func checkpointIsOneFollowersAtATime() async throws {
        self.append("1\n")
        let (log, state) = (self.folder["log"], self.folder["state"])
        _ = try await self.follow { sink in
            await sink.wait(for: 1)
            let second = Pipeline("second") {
                Source("in", FileTail(log, checkpoint: state))
                Decode.lines
                Sink("out", TracedSink())
            }
            let reason = "The source \"in\" cannot start: another run follows with the checkpoint \"\(state)\"."
            #expect(second.check().map(\.message) == [reason])
            let error = await #expect(throws: PenstockError.self) { try await second.run() }
            #expect(error?.message == reason)
        }
        let third = FileTail(log, checkpoint: state)
        try await third.open()
        await third.close()
    }

    @Test func goesOnExactlyWhereItWas() async throws {
        let sink = TracedSink()
        self.append("1\n2\n3")
        _ = try await self.follow(sink: sink) { await $0.wait(for: 2) }
        self.append("x\n4\n")
        _ = try await self.follow(sink: sink) { await $0.wait(for: 4) }
        _ = try await self.follow(sink: sink) { sink in
            self.append("5\n")
            await sink.wait(for: 5)
        }
        #expect(sink.lines == ["1", "2", "3x", "4", "5"])
        #expect(sink.origins.map(\.position) == [1, 2, 3, 4, 5])
        #expect(Set(sink.origins.map(\.session)).count == 1)
    }

    @Test func whatWasNotSettledComesAgainAsTheSameEvents() async throws {
        self.append("1\n2\n")
        let first = TracedSink()
        _ = try await self.follow(sink: first) { await $0.wait(for: 2) }
        let checkpoint = self.folder.read("state")
        self.append("3\n4\n")
        _ = try await self.follow(sink: first) { await $0.wait(for: 4) }
        // As if the process had died before the news came.
        self.folder.write(checkpoint, to: "state")
        let second = TracedSink()
        _ = try await self.follow(sink: second) { await $0.wait(for: 2) }
        #expect(second.lines == ["3", "4"])
        #expect(second.origins == Array(first.origins.suffix(2)))
    }

    @Test(arguments: [true, false])
    func readsARenamedFileToItsEndFirst(checkpoint: Bool) async throws {
        let notices = Locked<[String]>([])
        self.append("1\n")
        let report = try await self.follow(checkpoint: checkpoint, notices: notices) { sink in
            await sink.wait(for: 1)
            let old = open(self.folder["log"], O_WRONLY | O_APPEND)
            rename(self.folder["log"], self.folder["log.1"])
            writeAll(Array("2\n3".utf8), to: old)
            close(old)
            self.append("4\n")
            await sink.wait(for: 4)
            #expect(sink.lines == ["1", "2", "3", "4"])
        }
        #expect(report.events.delivered == 4)
        #expect(notices.withLock { $0.count } == 1)
    }

    @Test func findsARenamedFileAfterARestart() async throws {
        let sink = TracedSink()
        self.append("1\n")
        _ = try await self.follow(sink: sink) { await $0.wait(for: 1) }
        self.append("2\n")
        rename(self.folder["log"], self.folder["log.1"])
        self.append("3\n")
        _ = try await self.follow(sink: sink) { await $0.wait(for: 3) }
        #expect(sink.lines == ["1", "2", "3"])
    }

    @Test func beginsAgainWhenTheFileIsMadeShorter() async throws {
        let notices = Locked<[String]>([])
        self.append("first\nsecond\n")
        _ = try await self.follow(notices: notices) { sink in
            await sink.wait(for: 2)
            truncate(self.folder["log"], 0)
            self.append("new\n")
            await sink.wait(for: 3)
            #expect(sink.lines.last == "new")
            #expect(Set(sink.origins.map(\.session)).count == 2)
        }
        #expect(notices.withLock { $0.first?.contains("was made shorter") } == true)
    }

    @Test func seesThatAShorterFileHasGrownAgain() async throws {
        self.append("first\n")
        _ = try await self.follow { sink in
            await sink.wait(for: 1)
            self.folder.write("other\nand longer\n", to: "log")
            await sink.wait(for: 3)
            #expect(sink.lines == ["first", "other", "and longer"])
        }
    }

    /// It may have been written anew between two reads, with a line end just where the old text ended.
    @Test func readsNothingOfAnotherTextAsTheRestOfTheOldOne() throws {
        self.append("first\n")
        let reader = try #require(try TailReader(self.folder["log"], at: 0, session: 1))
        #expect(try reader.next(lineBytesMax: 1000) == Array("first\n".utf8))
        self.folder.write("other\nand longer\n", to: "log")
        #expect(try reader.next(lineBytesMax: 1000) == nil)
        #expect(try reader.change(of: self.folder["log"]) == .shorter)
    }

    @Test func fromTheEndReadsOnlyWhatComes() async throws {
        self.append("old\n")
        _ = try await self.follow(from: .end) { sink in
            // The checkpoint stands when the end of the file is known.
            while self.folder.read("state").isEmpty { await Task.yield() }
            self.append("new\n")
            await sink.wait(for: 1)
            #expect(sink.lines == ["new"])
        }
    }

    @Test func linesBeyondTheLimitAreDeadLettersAndReadingGoesOn() async throws {
        let (log, out, dead) = (self.folder["log"], self.folder["out"], self.folder["dead"])
        self.append("a\n" + String(repeating: "x", count: 300_000) + "\nb\n")
        var configuration = PipelineConfiguration()
        configuration.lineBytesMax = 1000
        let sink = TracedSink()
        configuration.workers = 1
        let pipeline = Pipeline("long", configuration: configuration) {
            Source("in", FileTail(log))
            Decode.lines
            Sink("sink", sink)
            FileSink(out)
            DeadLetters(dead)
        }
        let report = try await withThrowingTaskGroup(of: PipelineReport?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                await sink.wait(for: 2)
                pipeline.drain(deadline: .seconds(60))
                return nil
            }
            var report: PipelineReport?
            for try await one in group { report = one ?? report }
            return try #require(report)
        }
        #expect(report.balanced)
        #expect(report.events.deadLettered == 1)
        #expect(sink.lines == ["a", "b"])
        #expect(sink.origins.map(\.position) == [1, 3])
    }

    @Test(arguments: [true, false])
    func conformance(checkpoint: Bool) async throws {
        let lines = (0..<3000).map { "line \($0)" }
        try await SourceConformance(expected: lines, endsByItself: false) { [folder] in
            let checkpoint = checkpoint ? folder["state"] : nil
            unlink(folder["state"])
            return FileTail(folder.write(lines.map { $0 + "\n" }.joined(), to: "log"), checkpoint: checkpoint)
        }.run()
    }

    @Test func aCheckpointThatIsNoneEndsTheRun() async throws {
        self.append("1\n")
        self.folder.write("nonsense", to: "state")
        let (log, state) = (self.folder["log"], self.folder["state"])
        let report = try await Pipeline("wrong") {
            Source("in", FileTail(log, checkpoint: state))
            Decode.lines
            NullSink()
        }.run()
        guard case .failed(let error) = report.exit else {
            Issue.record("the run ended as \(report.exit.name)")
            return
        }
        #expect(error.message.contains("is no checkpoint"))
        #expect(self.folder.read("state") == Array("nonsense".utf8))
    }

    @Test func checkpointIsReadAsItWasWritten() throws {
        let cursor = TailCursor(identity: .init(device: .max, inode: 7), offset: 1 << 40, line: .max, session: .max)
        let head = Array("0123456789".utf8)
        let checkpoint = TailCheckpoint(cursor, head: head[...])
        try checkpoint.write(to: self.folder["state"])
        let read = try TailCheckpoint(path: self.folder["state"])
        #expect(read == checkpoint)
        #expect(read?.matches(head: head[...] + [1, 2]) == true)
        #expect(read?.matches(head: head[..<9]) == false)
        #expect(read?.matches(head: [0] + head[1...]) == false)
        #expect(try TailCheckpoint(path: self.folder["none"]) == nil)
        #expect(self.folder.names == ["state"])
    }
}

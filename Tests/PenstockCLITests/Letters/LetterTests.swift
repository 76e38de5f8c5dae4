//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Testing

@testable import PenstockCLI

@Suite("Dead letters", .timeLimit(.minutes(5)))
struct LetterTests {
    private static let letters = [
        #"{"source":"in","position":1,"reason":"json: not an object","time":"2026-11-25T10:00:00.000Z","event":"no"}"#,
        #"{"source":"in","position":2,"reason":"filter: x","sink":"out","attempts":8,"#
            + #""time":"2026-11-26T10:00:00.000Z","event":"{\"a\":1}"}"#,
        "garbage",
        #"{"source":"b","position":3,"reason":"json: not valid UTF-8","time":"2026-11-27T10:00:00.000Z","event":"/w==","#
            + #""encoding":"base64"}"#,
        #"{"source":"b","position":4,"reason":"line longer","time":"2026-11-27T10:00:00.000Z","event":"x","#
            + #""cut_to_bytes":1}"#,
    ]

    private static func run(_ arguments: [String], into: String? = nil) async throws -> (RunningProgram.Ended, String) {
        var files = ["dead.ndjson": Self.letters.joined(separator: "\n") + "\n", "p.yaml": Self.pipeline]
        if let into { files["into.yaml"] = into }
        return try await withProgram(["dead"] + arguments, files: files) { program, folder in
            let ended = await program.end()
            return (ended, try String(contentsOfFile: "\(folder)/dead.ndjson", encoding: .utf8))
        }
    }

    private static let pipeline = """
        pipeline: p
        sources:
          in: { type: stdin }
        sinks:
          out: { type: stdout }
        dead_letter: { type: file, path: dead.ndjson, mode: append }
        """

    @Test(
        "ls lists what its options say, by the pipeline's file or the letters' own",
        arguments: ["p.yaml", "dead.ndjson"]
    )
    func list(_ file: String) async throws {
        let (all, left) = try await Self.run(["ls", file])
        #expect(all.status == 0)
        #expect(all.output.split(separator: "\n").count == 5)
        #expect(all.errors.contains("dead.ndjson:3: warning: this line is no dead letter"))
        #expect(left == Self.letters.joined(separator: "\n") + "\n")
        for (options, numbers) in [
            (["--reason", "json"], ["1", "4"]), (["--source", "b"], ["4", "5"]), (["--sink", "out"], ["2"]),
            (["--since", "2026-11-26"], ["2", "4", "5"]), (["--since", "2026-11-26T10:01", "--reason", "long"], ["5"]),
        ] {
            let (some, _) = try await Self.run(["ls", file] + options)
            let found = some.output.split(separator: "\n").dropFirst().map { String($0.prefix { $0 != " " }) }
            #expect(found == numbers, "\(options)")
        }
    }

    @Test("ls counts, and writes JSON")
    func count() async throws {
        let (counts, _) = try await Self.run(["ls", "dead.ndjson", "--by", "source", "--json"])
        #expect(counts.output == "{\"source\":\"b\",\"letters\":2}\n{\"source\":\"in\",\"letters\":2}\n")
        let (lines, _) = try await Self.run(["ls", "dead.ndjson", "--json", "--source", "in"])
        #expect(lines.output.hasPrefix(#"{"n":1,"source":"in","position":1,"#))
    }

    @Test("show has the whole letter, and the event as it was")
    func show() async throws {
        let (shown, _) = try await Self.run(["show", "p.yaml", "2"])
        #expect(shown.output.hasSuffix("\n\n{\"a\":1}\n"))
        #expect(shown.output.contains("attempts  8\n"))
        #expect(try await Self.run(["show", "p.yaml", "3"]).0.status == 1)
        #expect(try await Self.run(["show", "p.yaml", "9"]).0.status == 1)
    }

    @Test("replay writes the events to stdout, and takes nothing out")
    func replayToOutput() async throws {
        let (ended, left) = try await Self.run(["replay", "p.yaml", "--source", "in"])
        #expect(ended.status == 0)
        #expect(ended.output == "no\n{\"a\":1}\n")
        #expect(left == Self.letters.joined(separator: "\n") + "\n")
    }

    @Test("replay --into takes out what is done; what fails again stays, with its attempts")
    func replayInto() async throws {
        let (ended, left) = try await Self.run(["replay", "p.yaml", "--into", "into.yaml"], into: Self.pipeline)
        #expect(ended.status == 0)
        #expect(ended.output == "{\"a\":1}\n")
        #expect(ended.errors.contains("3 dead letters tried: 1 done and taken out, 2 failed again"))
        let lines = left.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        let first = try #require(JSONValue(lines[0]))
        #expect(first["source"]?.text == "in" && first["position"]?.integer == 1)
        #expect(first["attempts"]?.integer == 2 && first["event"]?.text == "no")
        #expect(lines[1] == "garbage")
        #expect(JSONValue(lines[2])?["encoding"]?.text == "base64")
        #expect(lines[3] == Self.letters[4])
    }

    @Test("What a filter ends is done; what goes nowhere stays")
    func replayWithoutRoute() async throws {
        let into = """
            pipeline: q
            sources:
              in: { type: stdin }
            decode: lines
            steps:
              - parse: { regex: '^(?<x>.*)$' }
              - filter: x != "no"
            sinks:
              out: { type: "null", when: x == "never" }
            """
        let (ended, left) = try await Self.run(
            ["replay", "dead.ndjson", "--into", "into.yaml", "--source", "in"],
            into: into
        )
        #expect(ended.errors.contains("2 dead letters tried: 1 done and taken out, 0 failed again"))
        #expect(left.split(separator: "\n").map(String.init) == Array(Self.letters.dropFirst()))
    }

    @Test("purge throws away what its options say, if it is sure")
    func purge() async throws {
        let (unsure, same) = try await Self.run(["purge", "p.yaml"])
        #expect(unsure.status == 64)
        #expect(same == Self.letters.joined(separator: "\n") + "\n")
        let (sure, left) = try await Self.run(["purge", "p.yaml", "--yes", "--reason", "json"])
        #expect(sure.status == 0)
        #expect(sure.errors.contains("2 dead letters thrown away"))
        #expect(left.split(separator: "\n").map(String.init) == [Self.letters[1], "garbage", Self.letters[4]])
        let (all, rest) = try await Self.run(["purge", "dead.ndjson", "--yes"])
        #expect(all.status == 0)
        #expect(rest == "garbage\n")
    }

    @Test("Nobody writes the file anew while a run goes on")
    func runGoesOn() async throws {
        let input = Pipe()
        try await withProgram(
            ["run", "p.yaml", "--quiet"],
            files: ["p.yaml": Self.pipeline],
            input: input.fileHandleForReading
        ) { program, folder in
            try input.fileHandleForWriting.write(contentsOf: Data("no\n{\"a\":1}\n".utf8))
            _ = await program.output.text(until: "{\"a\":1}")
            for command in [["purge", "--yes"], ["replay", "--into", "\(folder)/p.yaml"]] {
                let arguments = ["dead", command[0], "\(folder)/dead.ndjson"] + command.dropFirst()
                let refused = try await withProgram(arguments) { program, _ in await program.end() }
                #expect(refused.status == 1)
                #expect(refused.errors.contains("a run that goes on writes to it"))
            }
            try input.fileHandleForWriting.close()
            #expect(await program.end().status == 0)
            let freed = try await withProgram(["dead", "purge", "\(folder)/dead.ndjson", "--yes"]) { program, _ in
                await program.end()
            }
            #expect(freed.status == 0)
        }
    }

    @Test(
        "Wrong usage",
        arguments: [["ls"], ["ls", "a", "--since", "today"], ["ls", "a", "--by", "time"], ["show", "a"]]
    )
    func usage(_ arguments: [String]) async throws {
        #expect(try await Self.run(arguments).0.status == 64)
    }

    @Test("A pipeline without a file for dead letters, or a file that is not there, is told")
    func missing() async throws {
        let pipeline = Self.pipeline.replacingOccurrences(of: "dead_letter", with: "# dead_letter")
        let ended = try await withProgram(["dead", "ls", "p.yaml"], files: ["p.yaml": pipeline]) { program, _ in
            await program.end()
        }
        #expect(ended.status == 78 && ended.errors.contains("its dead letters go to no file"))
        #expect(try await Self.run(["ls", "gone.ndjson"]).0.status == 1)
    }

    @Test("A time is one that there is")
    func times() {
        for time in [
            "2026-11-25", "2024-02-29", "2026-11-25T23:59", "2016-12-31T23:59:60Z", "2026-11-25T10:30:00.123Z",
        ] {
            #expect(LetterFilter.isTime(time), "\(time)")
        }
        for time in ["2026-13-01", "2026-00-10", "2026-02-29", "2026-11-31", "2026-11-00", "2026-11-25T24:00", "x"] {
            #expect(!LetterFilter.isTime(time), "\(time)")
        }
    }

    @Test("Who has seen enough, as head has, ends it without a word", arguments: [["ls"], ["show", "1"], ["replay"]])
    func head(_ verb: [String]) async throws {
        let arguments = ["dead", verb[0], "dead.ndjson"] + verb.dropFirst()
        let files = ["dead.ndjson": Self.letters.joined(separator: "\n") + "\n"]
        try await withProgram(arguments, files: files, hasFullOutput: true) { program, _ in
            program.output.closeReadEnd()
            let (status, errors) = await (program.status(), program.errors.text())
            #expect(status == 0 && errors.isEmpty, "\(errors)")
        }
    }

    @Test("A terminal gets no control characters of an event, and others its bytes as they are")
    func shownOnTerminal() throws {
        let line = #"{"source":"in","position":1,"reason":"r","time":"t","event":"a\u001b[2Jb\nc"}"#
        let letter = try #require(Letter(Array(line.utf8)))
        let terminal = String(decoding: DeadShowCommand.bytes(of: letter, toTerminal: true), as: UTF8.self)
        let other = String(decoding: DeadShowCommand.bytes(of: letter, toTerminal: false), as: UTF8.self)
        #expect(terminal.hasSuffix("\na\\u{1b}[2Jb\nc\n"), "\(terminal)")
        #expect(other.hasSuffix("\na\u{1b}[2Jb\nc\n"))
    }

    @Test("Base64 is read back, and what is none is refused")
    func base64() {
        #expect(Base64.decode("") == [])
        #expect(Base64.decode("AP8=") == [0, 255])
        #expect(Base64.decode("YWJj") == Array("abc".utf8))
        for wrong in ["A", "A===", "A=B=", "A*==", "====", "YWJ"] { #expect(Base64.decode(wrong) == nil, "\(wrong)") }
    }

    @Test("Lines longer than a letter may be are passed over, with their places")
    func longLines() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let long = String(repeating: "x", count: LetterFile.lineBytesMax + 100_000)
        try (Self.letters[0] + "\n\n" + long + "\n" + Self.letters[1]).write(
            toFile: path,
            atomically: false,
            encoding: .utf8
        )
        let file = try LetterFile(path)
        var lines: [LetterFile.Line] = []
        while let line = try file.next() { lines.append(line) }
        #expect(lines.map(\.number) == [1, 3, 4])
        #expect(lines.map { $0.letter != nil } == [true, false, true])
        #expect(
            lines.map(\.length) == [Self.letters[0].utf8.count + 1, long.utf8.count + 1, Self.letters[1].utf8.count]
        )
        #expect(lines[2].offset == lines[1].offset + lines[1].length)
    }
}

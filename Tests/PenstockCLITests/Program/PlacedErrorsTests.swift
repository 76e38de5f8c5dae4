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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("What cannot be opened, told at its place in the file", .timeLimit(.minutes(5)))
struct PlacedErrorsTests {
    @Test("The file of a sink that another run writes to")
    func sinkInUse() async throws {
        let file = Self.file("{ type: generate, count: 1 }", "{ type: file, path: out }")
        let message =
            "p.yaml:5:28: error: sink 'out' cannot write to \"out\": another run, or somebody else, writes to it\n"
            + "    hint: wait until that has ended, or write to another file\n"
        for verb in ["check", "run"] {
            try await Self.withFolder { folder in
                let held = try #require(Self.open("\(folder)/out", O_WRONLY | O_CREAT))
                defer { close(held) }
                #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
                let ended = try await Self.run(verb, file, in: folder)
                #expect(ended.status == 78 && ended.errors == message, "\(ended.errors)")
            }
        }
    }

    @Test("A checkpoint that is none, found before anything starts")
    func wrongCheckpoint() async throws {
        let source = "{ type: file, path: log, follow: true, checkpoint: state }"
        for verb in ["check", "run"] {
            try await Self.withFolder { folder in
                try "nonsense".write(toFile: "\(folder)/state", atomically: false, encoding: .utf8)
                let ended = try await Self.run(verb, Self.file(source, "{ type: stdout }"), in: folder)
                let message =
                    "p.yaml:3:58: error: source 'in' cannot start: \"state\" is no checkpoint, or a damaged one\n"
                #expect(ended.status == 78 && ended.errors.hasPrefix(message), "\(ended.errors)")
                #expect(ended.errors.contains("    hint: move it aside"), "\(ended.errors)")
                #expect(try String(contentsOfFile: "\(folder)/state", encoding: .utf8) == "nonsense")
            }
        }
    }

    @Test("A checkpoint that another run moves")
    func checkpointInUse() async throws {
        let source = "{ type: file, path: log, follow: true, checkpoint: state }"
        try await Self.withFolder { folder in
            let held = try #require(Self.open("\(folder)/state.lock", O_RDWR | O_CREAT))
            defer { close(held) }
            #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
            let ended = try await Self.run("check", Self.file(source, "{ type: stdout }"), in: folder)
            let message =
                "p.yaml:3:58: error: source 'in' cannot start: another run follows with the checkpoint \"state\"\n"
                + "    hint: wait until it has ended, or give this source a checkpoint of its own\n"
            #expect(ended.status == 78 && ended.errors == message, "\(ended.errors)")
        }
    }

    @Test("A pipe that nobody reads is told of by run, and by check as what it is: nobody opens it")
    func pipe() async throws {
        try await Self.withFolder { folder in
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0 && mkfifo("\(folder)/source", 0o600) == 0)
            let file = Self.file("{ type: file, path: source }", "{ type: file, path: pipe }")
            #if os(Linux)
            let watch = inotify_init1(Int32(IN_NONBLOCK))
            defer { close(watch) }
            for name in ["pipe", "source"] { inotify_add_watch(watch, "\(folder)/\(name)", UInt32(IN_OPEN)) }
            #endif
            let checked = try await Self.run("check", file, in: folder)
            #expect(checked.status == 0, "\(checked.errors)")
            #expect(checked.output.contains("a pipe, which somebody has to read when the run starts"))
            #if os(Linux)
            var event = [UInt8](repeating: 0, count: 256)
            #expect(read(watch, &event, event.count) < 0 && errno == EAGAIN, "Somebody has opened a pipe.")
            #endif
            let ended = try await Self.run(
                "run",
                Self.file("{ type: generate, count: 1 }", "{ type: file, path: pipe }"),
                in: folder
            )
            let message =
                "p.yaml:5:28: error: sink 'out' cannot write to \"pipe\": nobody reads this pipe\n"
                + "    hint: start what reads it first\n"
            #expect(ended.status == 78 && ended.errors == message, "\(ended.errors)")
        }
    }

    @Test("A pipe is read once only, and check knows")
    func repeatedPipe() async throws {
        try await Self.withFolder { folder in
            #expect(mkfifo("\(folder)/source", 0o600) == 0)
            let file = Self.file("{ type: file, path: source, repeat: 2 }", "{ type: stdout }")
            let ended = try await Self.run("check", file, in: folder)
            #expect(ended.status == 78, "\(ended.errors)")
            #expect(
                ended.errors.hasPrefix("p.yaml:3:27: error: source 'in' cannot repeat \"source\""),
                "\(ended.errors)"
            )
        }
    }

    @Test("What is wrong with the text hides nothing that is wrong with files")
    func allAtOnce() async throws {
        let file = """
            pipeline: p
            bogus: 1
            sources:
              in: { type: file, path: gone }
              log: { type: file, path: log, follow: true, checkpoint: state }
            workers: 0
            sinks:
              out: { type: file, path: none/out }
            """
        try await Self.withFolder { folder in
            try "nonsense".write(toFile: "\(folder)/state", atomically: false, encoding: .utf8)
            let ended = try await Self.run("check", file, in: folder)
            let places = ended.errors.split(separator: "\n").filter { $0.hasPrefix("p.yaml:") }.map { line in
                line.split(separator: ":")[1...2].joined(separator: ":")
            }
            #expect(ended.status == 78)
            #expect(places == ["2:1", "4:27", "5:59", "6:10", "8:28"], "\(ended.errors)")
        }
    }

    #if Server
    @Test("A durable queue that another run has")
    func queueInUse() async throws {
        for verb in ["check", "run"] {
            try await Self.withFolder { folder in
                let held = try #require(Self.open("\(folder)/queue.db-reserve", O_RDWR | O_CREAT))
                defer { close(held) }
                #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
                let ended = try await Self.run(verb, Self.durable, in: folder)
                let message =
                    "p.yaml:6:39: error: queue.store cannot be opened in SQLite \"queue.db\": another running penstock "
                    + "uses it\n    hint: wait until it has ended, or give this pipeline a queue of its own\n"
                #expect(ended.status == 78 && ended.errors == message, "\(ended.errors)")
            }
        }
    }

    @Test(
        "A damaged queue and a damaged sink are left as they are, and it is said what to do",
        arguments: [true, false]
    )
    func damaged(isQueue: Bool) async throws {
        try await Self.withFolder { folder in
            let name = isQueue ? "queue.db" : "out.db"
            let file =
                isQueue ? Self.durable : Self.file("{ type: generate, count: 1 }", "{ type: sqlite, path: out.db }")
            let first = try await Self.run("run", file, in: folder)
            #expect(first.status == 0, "\(first.errors)")
            var bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            // The header stays; the first page's tree does not.
            for place in 100..<min(bytes.count, 16 << 10) { bytes[place] = 0x5A }
            try bytes.write(to: URL(filePath: "\(folder)/\(name)"))
            let ended = try await Self.run("run", file, in: folder)
            let place = isQueue ? "p.yaml:6:39: error: queue.store" : "p.yaml:5:30: error: sink 'out'"
            #expect(ended.status == 78 && ended.errors.hasPrefix("\(place) cannot be opened"), "\(ended.errors)")
            #expect(ended.errors.contains("the database is damaged\n    hint: move \"\(name)\""), "\(ended.errors)")
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")) == bytes)
        }
    }

    @Test(
        "A socket whose folder cannot be made is told of before",
        arguments: [
            ("{ socket: /none/of/these/a.sock }", "8:18", "there is no folder \"/none\""),
            ("{ socket: p.yaml/a.sock }", "8:18", "the folder \"p.yaml\" cannot be written: Not a directory"),
            ("{}", "8:8", "there is no folder '/none/runtime'"),
        ]
    )
    func socketFolder(_ admin: String, _ place: String, _ reason: String) async throws {
        let file =
            Self.file("{ type: generate, count: 1 }", "{ type: stdout }")
            + "workers: 1\ndecode: json\nadmin: \(admin)\n"
        try await Self.withFolder { folder in
            for verb in ["check", "run"] {
                let ended = try await Self.run(verb, file, in: folder, ["XDG_RUNTIME_DIR": "/none/runtime"])
                #expect(ended.status == 78 && ended.output.isEmpty)
                #expect(ended.errors.hasPrefix("p.yaml:\(place): error: 'admin' cannot start: "), "\(ended.errors)")
                #expect(
                    ended.errors.contains(reason) && ended.errors.contains("    hint: set 'socket'"),
                    "\(ended.errors)"
                )
            }
        }
    }

    private static let durable =
        file("{ type: generate, count: 1 }", "{ type: stdout }")
        + "queue: { store: { type: sqlite, path: queue.db } }\n"
    #endif

    private static func file(_ source: String, _ sink: String) -> String {
        "pipeline: p\nsources:\n  in: \(source)\nsinks:\n  out: \(sink)\n"
    }

    private static func open(_ path: String, _ flags: Int32) -> Int32? {
        let number = openFile(path, flags)
        return number < 0 ? nil : number
    }

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private static func run(
        _ verb: String,
        _ file: String,
        in folder: String,
        _ environment: [String: String] = [:]
    ) async throws -> RunningProgram.Ended {
        try file.write(toFile: "\(folder)/p.yaml", atomically: false, encoding: .utf8)
        return try await withProgram([verb, "p.yaml"], in: folder, environment: environment) { program, _ in
            await program.end()
        }
    }
}

private func openFile(_ path: String, _ flags: Int32) -> Int32 { open(path, flags | O_CLOEXEC, 0o600) }

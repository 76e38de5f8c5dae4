//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import PenstockTesting
import Testing

@testable import PenstockCLI

@Suite("Files that a pipeline file names")
struct PathTests {
    @Test("Files that cannot be read or written are found at their places", .timeLimit(.minutes(5)))
    func unusable() throws {
        try withTemporaryFolder { folder in
            try "{}\n".write(toFile: "\(folder)/data", atomically: false, encoding: .utf8)
            let text = """
                pipeline: p
                sources:
                  gone: { type: file, path: \(folder)/gone }
                  folder: { type: file, path: \(folder) }
                  fine: { type: file, path: \(folder)/data }
                sinks:
                  nowhere: { type: file, path: \(folder)/none/out }
                  folder: { type: file, path: \(folder) }
                  below: { type: file, path: \(folder)/data/out }
                  slash: { type: file, path: \(folder)/new/ }
                  fine: { type: file, path: \(folder)/new }
                """
            let diagnostics = try PipelineFile.read(text).pathDiagnostics(pipelineFile: "\(folder)/p.yaml")
            let expected = [
                (3, 29, "source 'gone' cannot read '\(folder)/gone': No such file or directory"),
                (4, 31, "source 'folder' cannot read '\(folder)': it is a folder"),
                (7, 32, "sink 'nowhere' cannot write '\(folder)/none/out': there is no folder '\(folder)/none'"),
                (8, 31, "sink 'folder' cannot write '\(folder)': it is a folder"),
                (9, 30, "sink 'below' cannot write '\(folder)/data/out': Not a directory"),
                (10, 30, "sink 'slash' cannot write '\(folder)/new/': it is a folder"),
            ]
            #expect(diagnostics.map(\.message) == expected.map(\.2))
            #expect(diagnostics.map(\.place) == expected.map { Place(line: $0.0, column: $0.1) })
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/new"))
        }
    }

    @Test("One file twice is found whatever its paths", .timeLimit(.minutes(5)))
    func twice() throws {
        try withTemporaryFolder { folder in
            try "{}\n".write(toFile: "\(folder)/data", atomically: false, encoding: .utf8)
            try "{}\n".write(toFile: "\(folder)/p.yaml", atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "data")
            let text = """
                pipeline: p
                sources:
                  in: { type: file, path: \(folder)/data }
                  again: { type: file, path: \(folder)/./data }
                sinks:
                  link: { type: file, path: \(folder)/link }
                  new: { type: file, path: \(folder)/new }
                  null: { type: file, path: /dev/null }
                  void: { type: file, path: /dev/null }
                  over: { type: file, path: \(folder)/p.yaml }
                dead_letter: { type: file, path: \(folder)/../\(folder.split(separator: "/").last ?? "")/new }
                """
            let diagnostics = try PipelineFile.read(text).pathDiagnostics(pipelineFile: "\(folder)/p.yaml")
            #expect(diagnostics.map { $0.place?.line } == [4, 6, 10, 11])
            #expect(diagnostics[0].message.contains("which is the file of source 'in' too"))
            #expect(diagnostics[2].message.contains("which is the file of the pipeline file too"))
            #expect(diagnostics[3].message.contains("which is the file of sink 'new' too"))
        }
    }

    @Test("Pipeline files that cannot be read", .timeLimit(.minutes(5)))
    func unreadable() throws {
        try withTemporaryFolder { folder in
            let large = WrongFile.right + String(repeating: "# filler\n", count: 120_000)
            try large.write(toFile: "\(folder)/large.yaml", atomically: false, encoding: .utf8)
            for (path, message) in [
                ("\(folder)/gone.yaml", "the file cannot be read: No such file or directory"),
                (folder, "the file cannot be read: it is a folder"),
                ("\(folder)/large.yaml", "the file is larger than 1 MiB"),
                ("/dev/zero", "the file is larger than 1 MiB"),
            ] {
                let error = #expect(throws: DiagnosticsError.self) { try PipelineFile.load(path) }
                #expect(error?.diagnostics.map(\.message) == [message])
            }
        }
    }
}

/// Makes a folder, and removes it with all it holds at the end.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = TemporaryFolder()
    // It is gone with the last that has it.
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

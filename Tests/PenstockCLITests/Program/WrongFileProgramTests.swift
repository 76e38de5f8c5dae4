//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

/// The built program with every wrong pipeline file there is: what the reader finds is what people see.
@Suite("The program and wrong pipeline files")
struct WrongFileProgramTests {
    private static let all =
        WrongFile.yaml + WrongFile.top + WrongFile.queue + WrongFile.endpoints + WrongFile.http + WrongFile.tcp
        + WrongFile.steps + WrongFile.rewriting + WrongFile.tests + WrongFile.tailing + WrongFile.expressions

    @Test(
        "Each ends with 78, one message at its place and a suggestion where there is one",
        .timeLimit(.minutes(10)),
        arguments: ["check", "run"]
    )
    func refused(_ command: String) async throws {
        #expect(Self.all.count >= 200)
        let token = String(repeating: "0123456789abcdef", count: 4)
        for file in Self.all {
            // With what some of them name: the text alone is wrong.
            let files = ["p.yaml": file.text, "a": "", "t": token]
            let ended = try await withProgram([command, "p.yaml"], files: files) { program, _ in
                await program.end()
            }
            let name = "\(command) of \(file.testDescription): \(ended.errors)"
            #expect(ended.status == 78, "\(name)")
            #expect(ended.output.isEmpty, "\(name)")
            let lines = ended.errors.split(separator: "\n")
            #expect(lines.count == 1 || lines.count == 2 && lines[1].hasPrefix("    hint: "), "\(name)")
            #expect(lines.first?.hasPrefix("p.yaml:\(file.line):\(file.column): error: ") == true, "\(name)")
            #expect(lines.first?.contains(file.message) == true, "\(name)")
            if let hint = file.hint { #expect(lines.last?.contains(hint) == true, "\(name)") }
        }
    }
}

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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("The program on a terminal", .serialized)
struct TerminalTests {
    @Test("Progress is shown, and erased before the report", .timeLimit(.minutes(5)))
    func progress() async throws {
        let file = """
            pipeline: endless
            sources:
              in: { type: generate, rate: 10k/s }
            sinks:
              out: { type: file, path: out.ndjson }
            """
        let terminal = try PseudoTerminal()
        try await withProgram(["run", "p.yaml"], files: ["p.yaml": file], errors: terminal.program) { program, _ in
            _ = await terminal.reader.text(until: "events/s")
            program.send(SIGINT)
            _ = await program.output.text()
            #expect(await program.status() == 0)
            let text = await terminal.reader.text(until: "exit      interrupted")
            #expect(text.hasPrefix("\rendless  "))
            #expect(text.contains("\r\u{1B}[Kdraining (again to stop now)…\r\n"))
            // The report begins on an empty line.
            let report = try #require(text.range(of: "pipeline  endless\r\n"))
            #expect(text[..<report.lowerBound].hasSuffix("\r\u{1B}[K") || text[..<report.lowerBound].hasSuffix("\r\n"))
            #expect(!text[report.upperBound...].contains("\u{1B}"))
        }
    }

    @Test("Without a terminal there is no progress", .timeLimit(.minutes(5)))
    func noTerminal() async throws {
        let file = """
            pipeline: short
            sources: { in: { type: generate, count: 8000, rate: 10k/s } }
            sinks: { out: { type: file, path: out.ndjson } }
            """
        try await withProgram(["run", "p.yaml"], files: ["p.yaml": file]) { program, _ in
            let ended = await program.end()
            #expect(ended.status == 0)
            #expect(ended.errors.hasPrefix("pipeline  short\n"))
            #expect(!ended.errors.contains("\r") && !ended.errors.contains("\u{1B}"))
        }
    }
}

/// A terminal whose other end a test reads.
struct PseudoTerminal {
    /// The end for the program.
    let program: FileHandle
    /// What the program writes.
    let reader: PipeReader

    init() throws {
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        guard main >= 0, try Self.call("grantpt", main) == 0, try Self.call("unlockpt", main) == 0 else {
            throw SystemError.last
        }
        let other = open(try Self.name(of: main), O_RDWR | O_NOCTTY)
        guard other >= 0 else { throw SystemError.last }
        self.program = FileHandle(fileDescriptor: other, closeOnDealloc: true)
        self.reader = PipeReader(reading: FileHandle(fileDescriptor: main, closeOnDealloc: true), label: "terminal")
    }

    // MARK: - Private

    #if canImport(Darwin)
    private static var anyLibrary: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: -2) }
    #else
    private static var anyLibrary: UnsafeMutableRawPointer? { nil }
    #endif

    private struct MissingFunction: Error {
        let name: String
    }

    /// Calls a function of the C library that its Swift module leaves out on Linux.
    private static func call(_ name: String, _ descriptor: Int32) throws -> Int32 {
        guard let symbol = dlsym(Self.anyLibrary, name) else { throw MissingFunction(name: name) }
        // SAFETY: grantpt(3) and unlockpt(3) take a descriptor and return an int.
        return unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)(descriptor)
    }

    private static func name(of descriptor: Int32) throws -> String {
        guard let symbol = dlsym(Self.anyLibrary, "ptsname") else { throw MissingFunction(name: "ptsname") }
        typealias Function = @convention(c) (Int32) -> UnsafePointer<CChar>?
        // SAFETY: ptsname(3) takes a descriptor and returns a string of its own, which is copied at once.
        guard let name = unsafeBitCast(symbol, to: Function.self)(descriptor) else { throw SystemError.last }
        return String(cString: name)
    }
}

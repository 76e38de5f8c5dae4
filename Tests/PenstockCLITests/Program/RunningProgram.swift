//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation
import Penstock
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program in a process of its own.
final class RunningProgram: Sendable {
    /// What a run that has ended left.
    struct Ended: Sendable {
        /// The exit code, or the number of the signal that ended it, below 0.
        var status: Int32
        var output: String
        var errors: String
    }

    let output = PipeReader(label: "stdout")
    let errors = PipeReader(label: "stderr")
    private let process: Process
    private let exits: AsyncStream<Int32>

    /// Starts the program, in a folder.
    fileprivate init(
        _ name: String,
        _ arguments: [String],
        folder: String,
        input: FileHandle,
        output: String?,
        errors: FileHandle?,
        hasFullOutput: Bool,
        redirection: String?,
        environment: [String: String]
    ) throws {
        let process = Process()
        let executable = try Self.executable(name)
        if let redirection {
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "exec \"$0\" \"$@\" \(redirection)", executable.path] + arguments
        } else {
            process.executableURL = executable
            process.arguments = arguments
        }
        process.currentDirectoryURL = URL(filePath: folder)
        var inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PENSTOCK_") }
        inherited.merge(environment) { $1 }
        process.environment = inherited
        if let output {
            process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        } else {
            process.standardOutput = self.output.pipe
        }
        if let errors {
            process.standardError = errors
        } else {
            process.standardError = self.errors.pipe
        }
        process.standardInput = input
        if hasFullOutput { self.output.fill() }
        let (exits, exited) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(1))
        process.terminationHandler = { process in
            let status = process.terminationStatus
            exited.yield(process.terminationReason == .exit ? status : -status)
            exited.finish()
        }
        self.process = process
        self.exits = exits
        try process.run()
        self.output.closeWriteEnd()
        self.errors.closeWriteEnd()
    }

    /// Sends a signal.
    func send(_ signal: Int32) {
        kill(self.process.processIdentifier, signal)
    }

    /// Reads what is still to come, and waits for the end.
    func end() async -> Ended {
        async let output = self.output.text()
        async let errors = self.errors.text()
        let (outputText, errorsText) = await (output, errors)
        return Ended(status: await self.status(), output: outputText, errors: errorsText)
    }

    /// Waits for the end, whether or not its output has been read.
    func status() async -> Int32 {
        for await status in self.exits { return status }
        return .min
    }

    // MARK: - Private

    /// The program that was built along with the tests: it stands beside their bundle.
    private static func executable(_ name: String) throws -> URL {
        let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
        let besides = bundles + [URL(filePath: CommandLine.arguments[0])]
        for place in besides {
            let program = place.deletingLastPathComponent().appending(path: name)
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
        }
        throw MissingProgram(places: besides.map(\.path))
    }

    private struct MissingProgram: Error {
        let places: [String]
    }
}

/// Reads a pipe without holding a thread of Swift's own up.
final class PipeReader: Sendable {
    /// The pipe to hand to a process; nil where something else is read.
    fileprivate let pipe: Pipe?
    private let source: FileHandle
    private let queue: DispatchQueue
    private let read = Locked(Data())

    /// Reads a pipe of its own.
    fileprivate init(label: String) {
        let pipe = Pipe()
        self.pipe = pipe
        self.source = pipe.fileHandleForReading
        self.queue = DispatchQueue(label: "penstock.tests.\(label)")
    }

    /// Reads something else.
    init(reading source: FileHandle, label: String) {
        self.pipe = nil
        self.source = source
        self.queue = DispatchQueue(label: "penstock.tests.\(label)")
    }

    /// Everything that has been read, once it contains `marker` or the pipe has come to its end.
    func text(until marker: String? = nil) async -> String {
        await withCheckedContinuation { continuation in
            self.queue.async {
                while true {
                    let text = String(decoding: self.read.withLock { $0 }, as: UTF8.self)
                    let data = marker.map(text.contains) == true ? Data() : self.source.availableData
                    if data.isEmpty { return continuation.resume(returning: text) }
                    self.read.withLock { $0.append(data) }
                }
            }
        }
    }

    /// Stops reading: whoever writes next is told.
    func closeReadEnd() {
        self.queue.sync { try? self.source.close() }
    }

    /// Fills the pipe up: whoever writes next is held.
    fileprivate func fill() {
        guard let descriptor = self.pipe?.fileHandleForWriting.fileDescriptor else { return }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        while write(descriptor, "\n", 1) == 1 {}
        _ = fcntl(descriptor, F_SETFL, flags)
    }

    fileprivate func closeWriteEnd() {
        try? self.pipe?.fileHandleForWriting.close()
    }
}

/// Runs the program, or another one of the package, in an empty folder, or in one that is there, with the files given; ends
/// it when the test's time is over.
///
/// With a redirection, such as `>&-`, a shell starts it.
func withProgram<Result>(
    _ arguments: [String],
    named name: String = "penstock",
    in given: String? = nil,
    files: [String: String] = [:],
    input: FileHandle = .nullDevice,
    output: String? = nil,
    errors: FileHandle? = nil,
    hasFullOutput: Bool = false,
    redirection: String? = nil,
    environment: [String: String] = [:],
    _ body: (RunningProgram, _ folder: String) async throws -> Result
) async throws -> Result {
    let folder =
        given.map { URL(filePath: $0) }
        ?? FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { if given == nil { try? FileManager.default.removeItem(at: folder) } }
    for (name, text) in files {
        try text.write(toFile: "\(folder.path)/\(name)", atomically: false, encoding: .utf8)
    }
    let program = try RunningProgram(
        name,
        arguments,
        folder: folder.path,
        input: input,
        output: output,
        errors: errors,
        hasFullOutput: hasFullOutput,
        redirection: redirection,
        environment: environment
    )
    return try await withTaskCancellationHandler {
        try await body(program, folder.path)
    } onCancel: {
        program.send(SIGKILL)
    }
}

/// The parts of a JSON report that tests look at.
struct ReadReport: Decodable {
    struct Events: Decodable {
        var offered: Int
        var accepted: Int
        var rejected: Int
        var waiting: Int
        var delivered: Int
        var filtered: Int
        var aggregated: Int
        var deadLettered: Int
        var dropped: [String: Int]
        var inFlight: Int
        var stored: Int
        var recovered: Int
    }

    var pipeline: String
    var balanced: Bool
    var exit: String
    var error: String?
    var events: Events

    /// Reads the last line of a text.
    static func last(of text: String) throws -> ReadReport {
        let line = text.split(separator: "\n").last ?? ""
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ReadReport.self, from: Data(line.utf8))
    }

    /// Whether the ledger balances, added up here.
    var addsUp: Bool {
        let events = self.events
        let ends = events.delivered + events.filtered + events.aggregated + events.deadLettered + events.stored
        return events.offered == events.accepted + events.rejected + events.waiting
            && events.accepted == ends + events.dropped.values.reduce(0, +) + events.inFlight
    }
}

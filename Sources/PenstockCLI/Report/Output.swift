//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes text to the process's own outputs, whole and at once.
enum Output {
    /// Writes to the standard error; what cannot be written there can be said nowhere.
    static func error(_ text: String) {
        try? Self.write(text, to: STDERR_FILENO)
    }

    /// Tells of something in the middle of a run, on a line of its own.
    static func notice(_ text: String) {
        // A line of progress may stand there, with the cursor at its beginning.
        let erasure = Self.errorIsTerminal ? "\u{1B}[K" : ""
        Self.error("\(erasure)penstock: \(shown(text, limit: 1000))\n")
    }

    /// Writes to the standard output.
    static func standard(_ text: String) throws(SystemError) {
        try Self.write(text, to: STDOUT_FILENO)
    }

    /// Writes bytes to the standard output.
    static func standard(_ bytes: [UInt8]) throws(SystemError) {
        try Self.write(bytes[...], to: STDOUT_FILENO)
    }

    /// Writes a file, which is made or emptied.
    static func file(_ text: String, path: String) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .last }
        do throws(SystemError) {
            try Self.write(text, to: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        // A full disk may show only here.
        guard close(descriptor) == 0 else { throw .last }
    }

    /// Whether the standard error is a terminal that can erase a line.
    static var errorIsTerminal: Bool {
        guard isatty(STDERR_FILENO) == 1 else { return false }
        guard let term = getenv("TERM") else { return true }
        return strcmp(term, "dumb") != 0
    }

    /// Whether the standard input is a terminal.
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether the standard output is a terminal.
    static var standardIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    // MARK: - Private

    private static func write(_ text: String, to descriptor: Int32) throws(SystemError) {
        try Self.write(Array(text.utf8)[...], to: descriptor)
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = systemWrite(descriptor, rest)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&event, 1, 1000)
            } else if errno != EINTR {
                throw .last
            }
        }
    }
}

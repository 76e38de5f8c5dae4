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

/// A folder of a test's own, gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/penstock-test-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { text in
            guard let start = text.baseAddress else { return false }
            return mkdtemp(start) != nil
        }
        precondition(isMade, "The system makes no temporary folder.")
        self.path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in self.names { unlink(self[name]) }
        rmdir(self.path)
    }

    /// The path of a file in it.
    subscript(name: String) -> String { "\(self.path)/\(name)" }

    /// What is in it.
    var names: [String] {
        guard let folder = opendir(self.path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a file with a text in it.
    @discardableResult
    func write(_ text: String, to name: String) -> String {
        self.write(Array(text.utf8), to: name)
    }

    /// Makes a file with bytes in it.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) -> String {
        let number = open(self[name], O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        precondition(number >= 0, "A test cannot write \(self[name]).")
        writeAll(bytes, to: number)
        close(number)
        return self[name]
    }

    /// The bytes of a file; none when there is no such file.
    func read(_ name: String) -> [UInt8] {
        let number = open(self[name], O_RDONLY)
        guard number >= 0 else { return [] }
        defer { close(number) }
        return readAll(from: number)
    }

    /// The lines of a file.
    func lines(of name: String) -> [String] {
        self.read(name).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a named pipe, and opens its end for reading: then a pipeline can write to it.
    func makePipe(_ name: String) -> (path: String, reading: Int32) {
        precondition(mkfifo(self[name], 0o644) == 0, "A test cannot make the pipe \(self[name]).")
        return (self[name], open(self[name], O_RDONLY | O_NONBLOCK))
    }
}

/// Puts bytes into a pipe until it takes no more: whoever writes next is held.
func fillPipe(_ path: String) {
    let number = open(path, O_WRONLY | O_NONBLOCK)
    precondition(number >= 0, "A test cannot open the pipe \(path).")
    defer { close(number) }
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
    while bytes.withUnsafeBytes({ write(number, $0.baseAddress, $0.count) }) > 0 {}
    while bytes.withUnsafeBytes({ write(number, $0.baseAddress, 1) }) > 0 {}
}

func writeAll(_ bytes: [UInt8], to number: Int32) {
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        precondition(count > 0, "A test cannot write.")
        written += count
    }
}

/// Everything up to the end of a file that waits for no one.
func readAll(from number: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = part.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
        if count <= 0 { return all }
        all += part.prefix(count)
    }
}

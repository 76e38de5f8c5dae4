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

/// A folder of a test's own, gone with the value and with all that is in it.
package final class TemporaryFolder: Sendable {
    /// Where it is: a short path, which a socket may have too.
    package let path: String

    /// Makes it.
    package init() {
        var template = Array("/tmp/penstock-test-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { text in
            guard let start = text.baseAddress else { return false }
            return mkdtemp(start) != nil
        }
        precondition(isMade, "The system makes no temporary folder.")
        self.path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        remove(treeAt: self.path)
    }

    /// The path of a file in it.
    package subscript(name: String) -> String { "\(self.path)/\(name)" }

    /// What is in it.
    package var names: [String] {
        namesInFolder(self.path).sorted()
    }

    /// Makes a file with a text in it.
    @discardableResult
    package func write(_ text: String, to name: String) -> String {
        self.write(Array(text.utf8), to: name)
    }

    /// Makes a file with bytes in it.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) -> String {
        guard let file = fopen(self[name], "w") else { preconditionFailure("A test cannot write \(self[name]).") }
        defer { fclose(file) }
        precondition(fwrite(bytes, 1, bytes.count, file) == bytes.count, "A test cannot write \(self[name]).")
        return self[name]
    }

    /// The bytes of a file; none when there is no such file.
    package func read(_ name: String) -> [UInt8] {
        guard let file = fopen(self[name], "r") else { return [] }
        defer { fclose(file) }
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { return all }
            all += part.prefix(count)
        }
    }

    /// The lines of a file.
    package func lines(of name: String) -> [String] {
        self.read(name).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a named pipe, and opens its end for reading: then a pipeline can write to it.
    package func makePipe(_ name: String) -> (path: String, reading: Int32) {
        precondition(mkfifo(self[name], 0o644) == 0, "A test cannot make the pipe \(self[name]).")
        return (self[name], open(self[name], O_RDONLY | O_NONBLOCK))
    }
}

private func namesInFolder(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// Removes a file, or a folder with all that is in it; a link, and not what it leads to.
private func remove(treeAt path: String) {
    if unlink(path) == 0 { return }
    for name in namesInFolder(path) { remove(treeAt: "\(path)/\(name)") }
    rmdir(path)
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder of a test's own, gone with the value.
final class DatabaseFolder: Sendable {
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

    /// The bytes of a file; none when there is no such file.
    func read(_ name: String) -> [UInt8] {
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

    /// Makes a file with bytes in it.
    func write(_ bytes: [UInt8], to name: String) {
        guard let file = fopen(self[name], "w") else { preconditionFailure("A test cannot write \(self[name]).") }
        defer { fclose(file) }
        precondition(fwrite(bytes, 1, bytes.count, file) == bytes.count, "A test cannot write \(self[name]).")
    }

    /// What a process that dies now leaves of a database: a copy of the file and its log.
    func copyAsAfterACrash(_ name: String, to other: String) {
        for suffix in ["", "-wal"] where self.names.contains(name + suffix) {
            self.write(self.read(name + suffix), to: other + suffix)
        }
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// The numbers of a flat JSON object, by their keys.
struct FigureReader {
    private var texts: [String: String] = [:]

    init(_ line: String, keys: [String]) throws(BenchProblem) {
        var fields = FieldSet()
        for key in keys { _ = fields.index(of: key) }
        var found = [JSONField](repeating: .absent, count: fields.count)
        let bytes = Array(line.utf8)
        let problem = bytes.withUnsafeBytes { bytes in
            found.withUnsafeMutableBufferPointer { JSONScanner.scan(bytes, for: fields, into: $0) }
        }
        if let problem { throw BenchProblem("its figures cannot be read: \(problem.reason)") }
        for (key, field) in zip(keys, found) where field.kind == .integer || field.kind == .number {
            let start = Int(field.offset)
            self.texts[key] = String(decoding: bytes[start..<start + Int(field.length)], as: UTF8.self)
        }
    }

    func has(_ key: String) -> Bool { self.texts[key] != nil }

    func integer(_ key: String) throws(BenchProblem) -> Int { try self.value(key) { Int($0) } }

    func number(_ key: String) throws(BenchProblem) -> Double { try self.value(key) { Double($0) } }

    func value<Value>(_ key: String, _ read: (String) -> Value?) throws(BenchProblem) -> Value {
        guard let value = self.texts[key].flatMap(read) else {
            throw BenchProblem("its figures cannot be read: no number '\(key)'")
        }
        return value
    }
}

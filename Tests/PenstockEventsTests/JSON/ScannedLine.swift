//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// A line that the scanner has looked at, for tests.
struct ScannedLine {
    let bytes: [UInt8]
    let problem: JSONProblem?
    private let found: [JSONField]

    init(_ bytes: [UInt8], fields: FieldSet) {
        var found = [JSONField](repeating: JSONField(offset: 9, length: 9, kind: .true), count: fields.count)
        self.problem = bytes.withUnsafeBytes { line in
            found.withUnsafeMutableBufferPointer { JSONScanner.scan(line, for: fields, into: $0) }
        }
        self.bytes = bytes
        self.found = found
    }

    init(_ text: String, fields: FieldSet = FieldSet()) { self.init(Array(text.utf8), fields: fields) }

    func kind(_ index: Int) -> JSONKind { self.found[index].kind }

    /// The bytes at a field's place, as text.
    func text(_ index: Int) -> String {
        let field = self.found[index]
        return String(
            decoding: self.bytes[Int(field.offset)..<Int(field.offset) + Int(field.length)],
            as: UTF8.self
        )
    }

    func withView<R>(_ body: (EventView) -> R) -> R {
        self.bytes.withUnsafeBytes { line in
            self.found.withUnsafeBufferPointer { body(EventView(line: line, fields: $0)) }
        }
    }
}

/// A small generator with a seed, so that a failing test can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

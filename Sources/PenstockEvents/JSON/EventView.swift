//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One event's line, and where its wanted fields stand in it.
///
/// SAFETY: valid only during the call that hands it over; `fields` are places that ``JSONScanner`` found in `line`.
package struct EventView {
    /// The line that was scanned.
    package let line: UnsafeRawBufferPointer
    /// The place of each wanted field, by its index in the ``FieldSet``.
    package let fields: UnsafeBufferPointer<JSONField>

    /// Creates a view.
    package init(line: UnsafeRawBufferPointer, fields: UnsafeBufferPointer<JSONField>) {
        self.line = line
        self.fields = fields
    }

    /// The bytes of a value.
    @inline(__always)
    func bytes(of field: JSONField) -> UnsafeBufferPointer<UInt8> {
        guard let base = self.line.baseAddress else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(
            start: base.assumingMemoryBound(to: UInt8.self) + Int(field.offset),
            count: Int(field.length)
        )
    }

    /// The object that a validated line holds, without white space around it.
    var object: JSONField {
        let start = self.line.firstIndex { $0 > 0x20 } ?? 0
        return JSONField(from: start, to: self.line.count, kind: .object)
    }

    /// The bytes of a value as they stand in the line: a string with its quotes.
    @inline(__always)
    func source(of field: JSONField) -> UnsafeBufferPointer<UInt8> {
        switch field.kind {
        case .string, .escapedString:
            self.bytes(of: JSONField(from: Int(field.offset) - 1, to: field.end + 1, kind: field.kind))
        default: self.bytes(of: field)
        }
    }
}

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
}

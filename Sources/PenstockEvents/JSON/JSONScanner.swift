//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Validates lines of JSON, and notes where the wanted fields stand.
package enum JSONScanner {
    /// How deep objects and arrays may nest; the object at the top is the first.
    package static let depthMax = 1024

    /// Validates one line in one pass: RFC 8259, UTF-8, an object at the top.
    ///
    /// It accepts what Python's `json.loads` accepts as an object when `NaN` and its kin are refused: unpaired surrogate
    /// escapes and numbers of any size pass. Of a repeated key the last one counts, and a key with escapes is the name
    /// it spells. Nothing is allocated for a valid line.
    ///
    /// - Parameters:
    ///   - line: The line, without its line break.
    ///   - fields: The names of the wanted top-level fields.
    ///   - found: One place a name, at least `fields.count`; every one is written, unless the line is not valid.
    /// - Returns: What is wrong with the line, or nil.
    package static func scan(
        _ line: UnsafeRawBufferPointer,
        for fields: borrowing FieldSet,
        into found: UnsafeMutableBufferPointer<JSONField>
    ) -> JSONProblem? {
        precondition(found.count >= fields.count, "There must be a place for each wanted field.")
        guard let base = line.baseAddress, line.count > 0 else {
            return JSONProblem(reason: JSONFault.empty.reason, offset: 0)
        }
        guard line.count <= Int(UInt32.max) else {
            return JSONProblem(reason: JSONFault.tooLong.reason, offset: Int(UInt32.max))
        }
        var index = 0
        while index < fields.count {
            found[index] = .absent
            index &+= 1
        }
        var cursor = JSONCursor(base: base.assumingMemoryBound(to: UInt8.self), end: line.count)
        let fault = fields.withMatcher { matcher -> JSONFault? in
            do throws(JSONFault) {
                try cursor.scanLine(matcher, into: found)
                return nil
            } catch {
                return error
            }
        }
        guard let fault else { return nil }
        return Self.problem(fault, in: cursor)
    }

    @inline(never)
    private static func problem(_ fault: JSONFault, in cursor: JSONCursor) -> JSONProblem {
        let truncated = cursor.at >= cursor.end && fault != .empty
        return JSONProblem(reason: truncated ? JSONFault.unfinished.reason : fault.reason, offset: cursor.at)
    }
}

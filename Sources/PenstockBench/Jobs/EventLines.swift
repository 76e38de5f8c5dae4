//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// The events of the json jobs, as many as a power of two, so that a job's number names one of them.
package struct EventLines: Sendable {
    /// Why lines cannot be used.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// The lines, one behind the other.
    let bytes: [UInt8]
    /// Where each line begins, and behind the last where it ends.
    let starts: [Int]
    var count: Int { self.starts.count - 1 }

    /// No lines, for jobs that read none.
    static let none = EventLines(bytes: [], starts: [0])

    private init(bytes: [UInt8], starts: [Int]) {
        self.bytes = bytes
        self.starts = starts
    }

    /// The lines of the source `generate`.
    package init() {
        let templates = EventTemplates()
        self.bytes = templates.bytes
        self.starts = templates.starts
    }

    /// The lines of a file's text.
    ///
    /// - Throws: ``Problem`` when their number is no power of two, or one is not a flat JSON object with a text `service`
    ///   and a whole number `status`.
    package init(text: [UInt8]) throws(Problem) {
        var text = text
        while text.last == UInt8(ascii: "\n") { text.removeLast() }
        guard !text.isEmpty else { throw Problem("it has no lines") }
        text.append(UInt8(ascii: "\n"))
        var starts = [0]
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
        let count = starts.count - 1
        guard count & (count - 1) == 0 else {
            throw Problem("it has \(count) lines; their number must be a power of two")
        }
        self.bytes = text
        self.starts = starts
        for index in 0..<count { try self.check(index) }
    }

    // MARK: - Private

    /// Refuses a line in which the jobs' own scanner, which checks nothing, would find nothing.
    private func check(_ index: Int) throws(Problem) {
        let found = self.bytes.withUnsafeBufferPointer { bytes in
            LineScan(UnsafeBufferPointer(rebasing: bytes[self.starts[index]..<self.starts[index + 1]]))
        }
        guard (1...Int(UInt16.max)).contains(found.service.count), (1...Int(UInt16.max)).contains(found.status) else {
            throw Problem(
                "line \(index + 1) is no flat JSON object with a text 'service' and a number 'status'"
            )
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Who an event is, as databases keep it: the same whenever it comes, in whatever batch.
///
/// It is the source's name, the session in 16 hexadecimal digits and the position in at least 12 decimal ones, with `-`
/// between them: events of one session come in the order of their ids, which suits an index.
package struct EventID {
    /// The id, as text.
    package private(set) var bytes: [UInt8] = []
    /// What the beginning was made of.
    private var source: String?
    private var session: UInt64 = 0
    private var prefixLength = 0

    /// Creates an id of no event.
    package init() {}

    /// Makes it the id of another event, in the same memory.
    package mutating func fill(_ origin: EventOrigin) {
        if self.source != origin.source || self.session != origin.session {
            self.source = origin.source
            self.session = origin.session
            let session = String(origin.session, radix: 16)
            let padding = String(repeating: "0", count: 16 - session.utf8.count)
            self.bytes = Array("\(origin.source)-\(padding)\(session)-".utf8)
            self.prefixLength = self.bytes.count
        }
        self.bytes.removeSubrange(self.prefixLength...)
        var rest = origin.position
        while rest > 0 || self.bytes.count < self.prefixLength + 12 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        self.bytes[self.prefixLength...].reverse()
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import PenstockEvents

/// Rows in the text format of `COPY`: columns with a tab between them, a line feed behind the last.
struct CopyRows {
    private(set) var bytes: [UInt8] = []
    private var id = EventID()

    /// Adds an event as a row.
    mutating func append(_ event: Event) {
        self.id.fill(event.origin)
        self.append(self.id.bytes)
        self.bytes.append(UInt8(ascii: "\t"))
        appendTimestamp(event.receivedAt, to: &self.bytes)
        self.bytes.append(UInt8(ascii: "\t"))
        self.append(event.bytes)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ text: some Collection<UInt8>) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\\"): self.bytes += [byte, byte]
            case UInt8(ascii: "\t"): self.bytes += "\\t".utf8
            case UInt8(ascii: "\r"): self.bytes += "\\r".utf8
            case UInt8(ascii: "\n"): self.bytes += "\\n".utf8
            default: self.bytes.append(byte)
            }
        }
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// What sources have in common that listen.
extension PipelineFileReader {
    /// Where a source listens; nil, and noted, when the value is no address.
    mutating func listenAddress(
        _ value: YAMLValue,
        what: String,
        example: String = "127.0.0.1:8080"
    ) -> ListenAddress? {
        guard let text = self.values.text(value, what: "'listen' of \(what)") else { return nil }
        guard let address = ListenAddress(text) else {
            self.values.fail(
                value.place,
                "'listen' of \(what) cannot be '\(shown(text))'",
                hint: "an address and a port: \(example), \(example.replacing("127.0.0.1", with: "[::1]")), "
                    + example.replacing("127.0.0.1", with: "localhost")
            )
            return nil
        }
        return address
    }

    /// Notes an address that another source listens on.
    mutating func refuseSecondListener(on address: ListenAddress, at place: Place, what: String) {
        guard address.port != 0 else { return }
        if let other = self.file.listeners.updateValue(what, forKey: "\(address)") {
            self.values.fail(
                place,
                "\(what) listens on \(address), where \(other) does",
                hint: "give each its own port"
            )
        }
    }

    /// The size under a key; nil when there is none, or, and noted, none in the range.
    mutating func size(
        _ fields: [String: YAMLValue],
        _ key: String,
        what: String,
        in range: ClosedRange<Int>
    ) -> Int? {
        guard let value = fields[key],
            let bytes = self.values.quantity(value, what: "'\(key)' of \(what)", example: "8MiB", Quantity.bytes)
        else { return nil }
        guard range.contains(bytes) else {
            let bounds = "from \(shown(bytes: range.lowerBound)) to \(shown(bytes: range.upperBound))"
            self.values.fail(value.place, "'\(key)' of \(what) must not be \(shown(bytes: bytes))", hint: bounds)
            return nil
        }
        return bytes
    }

    /// The time under a key, above 0; nil when there is none, or, and noted, none of that kind.
    mutating func time(_ fields: [String: YAMLValue], _ key: String, what: String) -> Duration? {
        guard let value = fields[key],
            let time = self.values.quantity(value, what: "'\(key)' of \(what)", example: "5s", Quantity.duration)
        else { return nil }
        guard time > .zero else {
            self.values.fail(value.place, "'\(key)' of \(what) must not be 0", hint: "a time such as 5s")
            return nil
        }
        return time
    }
}

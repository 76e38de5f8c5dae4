//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes JSON objects, members in the order in which they come.
package struct JSONWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []
    private var isFirst = true

    package init() {}

    /// What was written so far, as text.
    package var text: String { String(decoding: self.bytes, as: UTF8.self) }

    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        self.bytes.append(UInt8(ascii: "{"))
        self.isFirst = true
        body(&self)
        self.isFirst = false
        self.bytes.append(UInt8(ascii: "}"))
    }

    package mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.key(name)
        self.object(body)
    }

    package mutating func member(_ name: String, text: String) {
        self.key(name)
        appendJSONString(text, to: &self.bytes)
    }

    package mutating func member(_ name: String, count: some BinaryInteger) {
        self.key(name)
        self.bytes += String(count).utf8
    }

    /// Numbers are written as Swift describes them, which is JSON for all that are finite.
    package mutating func member(_ name: String, number: Double) {
        self.key(name)
        self.bytes += (number.isFinite ? "\(number)" : "null").utf8
    }

    package mutating func member(_ name: String, flag: Bool) {
        self.key(name)
        self.bytes += (flag ? "true" : "false").utf8
    }

    package mutating func member(_ name: String, counts: [String: Int]) {
        self.member(name) { json in
            for (reason, count) in counts.sorted(by: { $0.key < $1.key }) { json.member(reason, count: count) }
        }
    }

    /// A list of objects.
    package mutating func member<Element>(
        _ name: String,
        list: some Sequence<Element>,
        _ body: (Element, inout JSONWriter) -> Void
    ) {
        self.key(name)
        self.bytes.append(UInt8(ascii: "["))
        for (index, element) in list.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.object { body(element, &$0) }
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    /// A list of texts.
    package mutating func member(_ name: String, texts: [String]) {
        self.key(name)
        self.bytes.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            appendJSONString(text, to: &self.bytes)
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    /// A time in seconds, to the nanosecond.
    package mutating func member(_ name: String, seconds: Duration) {
        self.member(name, number: rounded(seconds.inSeconds, digits: 9))
    }

    private mutating func key(_ name: String) {
        if !self.isFirst { self.bytes.append(UInt8(ascii: ",")) }
        self.isFirst = false
        appendJSONString(name, to: &self.bytes)
        self.bytes.append(UInt8(ascii: ":"))
    }
}

/// A number with no more than so many decimals.
func rounded(_ value: Double, digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (value * scale).rounded() / scale
}

extension Duration {
    /// The duration as a number of seconds.
    package var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

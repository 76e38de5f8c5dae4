//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A JSON value that was read: for the few events that the program itself looks at.
indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number as it is written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in their order; of a repeated key the last one counts.
    case object([(key: String, value: JSONValue)])

    /// Reads a text; nil when it is not one JSON value.
    init?(_ text: String) {
        var reader = JSONReader(Array(text.utf8))
        guard let value = reader.whole() else { return nil }
        self = value
    }

    /// The member of an object; nil when there is none, or when this is no object.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The text of a string; nil for what is none.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number; nil for what is none.
    var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The value without some members of it, where it is an object.
    func without(_ keys: Set<String>) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !keys.contains($0.key) })
    }

    /// The value as compact JSON.
    var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): JSONText.string(text)
        case .array(let values): JSONText.list(values.map(\.json))
        case .object(let members): JSONText.object(members.map { ($0.key, $0.value.json) })
        }
    }
}

extension JSONValue: Equatable {
    /// Whether two values say the same: numbers by their value, members in any order.
    static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.number(let left), .number(let right)):
            if let left = Int64(left), let right = Int64(right) { return left == right }
            return Double(left) == Double(right)
        case (.string(let left), .string(let right)): return left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): return left == right
        case (.object(let left), .object(let right)):
            let (left, right) = (Self.members(left), Self.members(right))
            return left == right
        default: return false
        }
    }

    private static func members(_ list: [(key: String, value: JSONValue)]) -> [String: JSONValue] {
        Dictionary(list.map { ($0.key, $0.value) }) { $1 }
    }
}

/// Reads JSON values out of bytes.
private struct JSONReader {
    /// How deep a value may nest: each level is a call.
    private static let depthMax = 200

    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func whole() -> JSONValue? {
        let value = self.value()
        self.skipSpace()
        return self.at == self.bytes.count ? value : nil
    }

    private var next: UInt8 { self.at < self.bytes.count ? self.bytes[self.at] : 0 }

    private mutating func skipSpace() {
        while [0x20, 0x09, 0x0A, 0x0D].contains(self.next) { self.at += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        self.skipSpace()
        guard self.next == UInt8(ascii: character) else { return false }
        self.at += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard self.bytes[self.at...].starts(with: word.utf8) else { return false }
        self.at += word.utf8.count
        return true
    }

    private mutating func value() -> JSONValue? {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.depthMax else { return nil }
        self.skipSpace()
        switch self.next {
        case UInt8(ascii: "{"): return self.object()
        case UInt8(ascii: "["): return self.array()
        case UInt8(ascii: "\""): return self.string().map(JSONValue.string)
        case UInt8(ascii: "t"): return self.take(word: "true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return self.take(word: "false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return self.take(word: "null") ? .null : nil
        default: return self.number()
        }
    }

    private mutating func object() -> JSONValue? {
        guard self.take("{") else { return nil }
        if self.take("}") { return .object([]) }
        var members: [(key: String, value: JSONValue)] = []
        while true {
            self.skipSpace()
            guard let key = self.string(), self.take(":"), let value = self.value() else { return nil }
            members.append((key, value))
            if self.take("}") { return .object(members) }
            guard self.take(",") else { return nil }
        }
    }

    private mutating func array() -> JSONValue? {
        guard self.take("[") else { return nil }
        if self.take("]") { return .array([]) }
        var values: [JSONValue] = []
        while true {
            guard let value = self.value() else { return nil }
            values.append(value)
            if self.take("]") { return .array(values) }
            guard self.take(",") else { return nil }
        }
    }

    private mutating func number() -> JSONValue? {
        let allowed = Array("+-.0123456789eE".utf8)
        let text = String(decoding: self.bytes[self.at...].prefix { allowed.contains($0) }, as: UTF8.self)
        guard JSONValue.isNumber(text) else { return nil }
        self.at += text.utf8.count
        return .number(text)
    }

    private mutating func string() -> String? {
        guard self.next == UInt8(ascii: "\"") else { return nil }
        self.at += 1
        var text: [UInt8] = []
        while self.at < self.bytes.count {
            let byte = self.next
            self.at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = self.escape() else { return nil }
                text += String(scalar).utf8
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        let byte = self.next
        self.at += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            guard let unit = self.unit() else { return nil }
            guard unit & 0xFC00 == 0xD800 else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
            guard self.take(word: "\\u"), let low = self.unit(), low & 0xFC00 == 0xDC00 else { return "\u{FFFD}" }
            return Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF))
        default: return nil
        }
    }

    private mutating func unit() -> UInt32? {
        let digits = self.bytes[self.at...].prefix(4)
        guard digits.count == 4, let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            return nil
        }
        self.at += 4
        return unit
    }
}

extension JSONValue {
    /// Whether a text is a number as JSON writes it.
    static func isNumber(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func digits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let beginsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole == 1 || whole > 1 && !beginsWithZero else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds members of objects that the scanner has validated.
enum JSONMember {
    /// The last member of this name, or absent.
    static func find(_ name: UnsafeBufferPointer<UInt8>, of object: JSONField, in event: EventView) -> JSONField {
        var found = JSONField.absent
        Self.forEach(of: object, in: event) { key, value in
            if Self.key(key, of: event, is: name) { found = value }
        }
        return found
    }

    /// Calls a function with each member of an object, in their order: its key and its value.
    @inline(__always)
    static func forEach(of object: JSONField, in event: EventView, _ body: (JSONField, JSONField) -> Void) {
        var reader = TrustingReader(bytes: event.bytes(of: object), at: 1)
        while true {
            reader.skipSpace()
            guard reader.byte == UInt8(ascii: "\"") else { return }
            var key = reader.skipValue()
            reader.skipSpace()
            reader.at &+= 1
            reader.skipSpace()
            var value = reader.skipValue()
            key.offset &+= object.offset
            value.offset &+= object.offset
            body(key, value)
            reader.skipSpace()
            guard reader.byte == UInt8(ascii: ",") else { return }
            reader.at &+= 1
        }
    }

    /// Whether a key is the text of some bytes.
    @inline(__always)
    static func key(_ key: JSONField, of event: EventView, is name: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = event.bytes(of: key)
        if key.kind == .escapedString { return JSONText(text).equals(name) }
        guard text.count == name.count else { return false }
        guard let left = text.baseAddress, let right = name.baseAddress else { return true }
        return memcmp(left, right, text.count) == 0
    }
}

/// Moves over JSON that is known to be valid.
private struct TrustingReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var at: Int

    @inline(__always)
    var byte: UInt8 { self.at < self.bytes.count ? self.bytes[self.at] : 0 }

    @inline(__always)
    mutating func skipSpace() {
        while self.at < self.bytes.count, self.bytes[self.at] <= 0x20 { self.at &+= 1 }
    }

    /// Skips a value, and says what it is and where in `bytes`.
    @inline(__always)
    mutating func skipValue() -> JSONField {
        let start = self.at
        switch self.byte {
        case UInt8(ascii: "\""):
            let escaped = self.skipString()
            return JSONField(from: start &+ 1, to: self.at &- 1, kind: escaped ? .escapedString : .string)
        case UInt8(ascii: "{"):
            self.skipContainer()
            return JSONField(from: start, to: self.at, kind: .object)
        case UInt8(ascii: "["):
            self.skipContainer()
            return JSONField(from: start, to: self.at, kind: .array)
        case UInt8(ascii: "t"):
            self.at &+= 4
            return JSONField(from: start, to: self.at, kind: .true)
        case UInt8(ascii: "f"):
            self.at &+= 5
            return JSONField(from: start, to: self.at, kind: .false)
        case UInt8(ascii: "n"):
            self.at &+= 4
            return JSONField(from: start, to: self.at, kind: .null)
        default:
            let kind = self.skipNumber()
            return JSONField(from: start, to: self.at, kind: kind)
        }
    }

    @inline(__always)
    private mutating func skipString() -> Bool {
        self.at &+= 1
        var escaped = false
        while self.at < self.bytes.count {
            let byte = self.bytes[self.at]
            self.at &+= 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                self.at &+= 1
            }
        }
        return escaped
    }

    private mutating func skipContainer() {
        var depth = 0
        while self.at < self.bytes.count {
            switch self.bytes[self.at] {
            case UInt8(ascii: "\""):
                _ = self.skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth &-= 1
            default: break
            }
            self.at &+= 1
            if depth == 0 { return }
        }
    }

    @inline(__always)
    private mutating func skipNumber() -> JSONKind {
        var kind = JSONKind.integer
        while self.at < self.bytes.count {
            switch self.bytes[self.at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): kind = .number
            default: return kind
            }
            self.at &+= 1
        }
        return kind
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A group's key as bytes: for each field a tag, and after it the value.
///
/// Values that are equal have the same bytes: 1 and 1.0, and `"a"` and `"\u0061"`.
enum GroupKey {
    private enum Tag {
        static let null: UInt8 = 0
        static let `false`: UInt8 = 1
        static let `true`: UInt8 = 2
        static let integer: UInt8 = 3
        static let double: UInt8 = 4
        static let string: UInt8 = 5
    }

    /// The most bytes that a value of this length takes.
    @inline(__always)
    static func lengthMax(_ field: JSONField) -> Int { Int(field.length) &+ 9 }

    /// Writes a value.
    ///
    /// - Parameters:
    ///   - field: The value's place.
    ///   - event: Its event.
    ///   - bytes: At least ``lengthMax(_:)`` bytes.
    /// - Returns: How many bytes it took; nil for an object, an array, a number that no double holds, or nothing.
    @inline(__always)
    static func write(_ field: JSONField, of event: EventView, to bytes: UnsafeMutableRawBufferPointer) -> Int? {
        switch field.kind {
        case .absent, .object, .array: return nil
        case .null: bytes[0] = Tag.null
        case .true: bytes[0] = Tag.true
        case .false: bytes[0] = Tag.false
        case .integer, .number:
            // Numbers that no double holds would all be one group.
            guard let number = JSONNumber(field, in: event), number.isFinite else { return nil }
            return Self.write(number, to: bytes)
        case .string:
            bytes[0] = Tag.string
            bytes.storeBytes(of: field.length, toByteOffset: 1, as: UInt32.self)
            UnsafeMutableRawBufferPointer(rebasing: bytes[5...]).copyBytes(from: event.bytes(of: field))
            return 5 &+ Int(field.length)
        case .escapedString:
            bytes[0] = Tag.string
            var length = 5
            for byte in JSONText(event.bytes(of: field)) {
                bytes[length] = byte
                length &+= 1
            }
            bytes.storeBytes(of: UInt32(truncatingIfNeeded: length &- 5), toByteOffset: 1, as: UInt32.self)
            return length
        }
        return 1
    }

    /// Whether a key comes before another of the same fields: null, false, true, numbers, strings by code point.
    static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var one = Reader(bytes: left)
        var other = Reader(bytes: right)
        while let first = one.next(), let second = other.next() {
            let order = Self.order(first, second)
            if order != 0 { return order < 0 }
        }
        return false
    }

    /// One value of a key.
    enum Value {
        case null
        case bool(Bool)
        case number(JSONNumber)
        case string(UnsafeRawBufferPointer)
    }

    /// Reads a key's values one by one; of a key that was cut, as far as it goes.
    struct Reader: IteratorProtocol {
        private let bytes: UnsafeRawBufferPointer
        private var at = 0

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        mutating func next() -> Value? {
            guard self.at < self.bytes.count else { return nil }
            let tag = self.bytes[self.at]
            self.at += 1
            let left = self.bytes.count - self.at
            switch tag {
            case Tag.null: return .null
            case Tag.false: return .bool(false)
            case Tag.true: return .bool(true)
            case Tag.integer, Tag.double:
                guard left >= 8 else { return nil }
                let bits = self.bytes.loadUnaligned(fromByteOffset: self.at, as: UInt64.self)
                self.at += 8
                return .number(
                    tag == Tag.integer ? .integer(Int64(bitPattern: bits)) : .double(Double(bitPattern: bits))
                )
            default:
                guard left >= 4 else { return nil }
                let start = self.at + 4
                let length = Int(self.bytes.loadUnaligned(fromByteOffset: self.at, as: UInt32.self))
                self.at = min(start + length, self.bytes.count)
                return .string(UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.at]))
            }
        }
    }

    // MARK: - Private

    private static func write(_ number: JSONNumber, to bytes: UnsafeMutableRawBufferPointer) -> Int {
        switch number {
        case .integer(let value):
            bytes[0] = Tag.integer
            bytes.storeBytes(of: value, toByteOffset: 1, as: Int64.self)
        case .double(let value):
            if let whole = Int64(exactly: value) { return Self.write(.integer(whole), to: bytes) }
            bytes[0] = Tag.double
            bytes.storeBytes(of: value.bitPattern, toByteOffset: 1, as: UInt64.self)
        }
        return 9
    }

    private static func order(_ left: Value, _ right: Value) -> Int {
        switch (left, right) {
        case (.bool(let one), .bool(let other)): (one ? 1 : 0) - (other ? 1 : 0)
        case (.number(let one), .number(let other)): JSONNumber.compare(one, other) ?? 0
        case (.string(let one), .string(let other)):
            one.lexicographicallyPrecedes(other) ? -1 : other.lexicographicallyPrecedes(one) ? 1 : 0
        default: Self.rank(left) - Self.rank(right)
        }
    }

    private static func rank(_ value: Value) -> Int {
        switch value {
        case .null: 0
        case .bool: 1
        case .number: 2
        case .string: 3
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Reads sizes, times and rates, all with a unit: `64MiB`, `10s`, `1M/s`.
enum Quantity {
    /// Why a text is no quantity.
    struct Problem: Error, Equatable {
        let message: String
        let hint: String
    }

    static let sizeUnits: [(name: String, factor: Double)] = [
        ("B", 1), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824),
    ]

    static let timeUnits: [(name: String, factor: Double)] = [
        ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    static let rateUnits: [(name: String, factor: Double)] = [
        ("/s", 1), ("k/s", 1e3), ("K/s", 1e3), ("M/s", 1e6),
    ]

    /// A size in bytes.
    static func bytes(_ text: String) throws(Problem) -> Int {
        let value = try Self.read(text, units: Self.sizeUnits, what: "size", example: "64MiB")
        guard value.rounded() == value else {
            throw Problem(message: "'\(text)' is not a whole number of bytes", hint: "a size such as 64MiB")
        }
        return Int(value)
    }

    /// A time.
    static func duration(_ text: String) throws(Problem) -> Duration {
        let value = try Self.read(text, units: Self.timeUnits, what: "time", example: "10s")
        return .nanoseconds(Int64(value.rounded()))
    }

    /// A rate in events a second.
    static func eventsPerSecond(_ text: String) throws(Problem) -> Double {
        let value = try Self.read(text, units: Self.rateUnits, what: "rate", example: "500/s or 1M/s")
        guard value > 0 else {
            throw Problem(message: "the rate must be above 0", hint: "leave 'rate' out to run as fast as possible")
        }
        return value
    }

    // MARK: - Private

    private static func read(
        _ text: String,
        units: [(name: String, factor: Double)],
        what: String,
        example: String
    ) throws(Problem) -> Double {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let names = units.map(\.name)
        if text.first == "-" {
            throw Problem(message: "'\(text)' is below 0", hint: "a \(what) such as \(example)")
        }
        guard let number = Double(digits.filter { $0 != "_" }), number.isFinite else {
            throw Problem(message: "'\(text)' is not a \(what)", hint: "a \(what) such as \(example)")
        }
        if unit.isEmpty {
            throw Problem(
                message: "the \(what) '\(text)' has no unit",
                hint: "a \(what) such as \(example); units: \(names.joined(separator: ", "))"
            )
        }
        guard let factor = units.first(where: { $0.name == unit })?.factor else {
            let lowercased = unit.lowercased()
            let meant = units.first { $0.name.lowercased() == lowercased }?.name
            throw Problem(
                message: "unknown unit '\(unit)' in the \(what) '\(text)'",
                hint: meant.map { "write \(digits)\($0)" } ?? "units: \(names.joined(separator: ", "))"
            )
        }
        let value = number * factor
        // 2^62 leaves room for sums of a few such numbers in an Int.
        guard value < 4_611_686_018_427_387_904 else {
            throw Problem(message: "the \(what) '\(text)' is too large", hint: "a \(what) such as \(example)")
        }
        return value
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Which dead letters are meant.
struct LetterFilter: Equatable {
    /// A part of the reason.
    var reason: String?
    /// The name of the source.
    var source: String?
    /// The name of the sink.
    var sink: String?
    /// The earliest time, or the beginning of one: letters' times are compared as text, which is their order.
    var since: String?

    /// Whether a letter is meant.
    func takes(_ letter: Letter) -> Bool {
        if let reason, !letter.reason.contains(reason) { return false }
        if let source, letter.source != source { return false }
        if let sink, letter.sink != sink { return false }
        if let since, letter.time < since { return false }
        return true
    }

    /// Whether a text is a time that there is, as letters have it, or the beginning of one: `2026-11-25`, `2026-11-25T10:30`.
    static func isTime(_ text: String) -> Bool {
        let shape = Array("0000-00-00T00:00:00.000Z".utf8)
        let bytes = Array(text.utf8)
        guard [10, 16, 19, 20, 23, 24].contains(bytes.count) else { return false }
        let hasShape = zip(bytes, shape).enumerated().allSatisfy { place, pair in
            if bytes.count == 20, place == 19 { return pair.0 == UInt8(ascii: "Z") }
            if pair.1 == UInt8(ascii: "0") { return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(pair.0) }
            return pair.0 == pair.1
        }
        guard hasShape else { return false }
        func number(_ place: Int, _ count: Int) -> Int? {
            place + count > bytes.count ? nil : Int(String(decoding: bytes[place..<place + count], as: UTF8.self))
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), (1...12).contains(month) else {
            return false
        }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        // A leap second may be the 60th.
        return (1...days[month - 1]).contains(day) && (number(11, 2) ?? 0) < 24 && (number(14, 2) ?? 0) < 60
            && (number(17, 2) ?? 0) <= 60
    }
}

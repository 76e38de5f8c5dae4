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

    /// Whether a text is a time as letters have it, or the beginning of one: `2026-11-25`, `2026-11-25T10:30`.
    static func isTime(_ text: String) -> Bool {
        let shape = Array("0000-00-00T00:00:00.000Z".utf8)
        let bytes = Array(text.utf8)
        guard [10, 16, 19, 20, 23, 24].contains(bytes.count) else { return false }
        return zip(bytes, shape).enumerated().allSatisfy { place, pair in
            if bytes.count == 20, place == 19 { return pair.0 == UInt8(ascii: "Z") }
            if pair.1 == UInt8(ascii: "0") { return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(pair.0) }
            return pair.0 == pair.1
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What the labels and dimensions of swift-metrics are called in a scrape.
///
/// They may be any text. Each character that is no letter or digit of ASCII becomes `_`; a name that would begin with a digit,
/// or with `__` where that is reserved, gets a letter before it; an empty one is `_`.
enum BridgedName {
    /// The name of a metric, with a suffix unless it has it; not the suffix alone.
    static func metric(_ label: String, suffix: String = "") -> String {
        let name = self.word(label)
        return name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count ? name : name + suffix
    }

    /// The labels, sorted by their names; of two with the same name, the last is taken.
    static func labels(_ dimensions: [(String, String)]) -> (names: [String], values: [String]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let word = self.word(name)
            // `le` is the histograms' own, and `__` the server's.
            let isReserved = word.hasPrefix("__") || word == "le"
            values[isReserved ? "label_" + word : word] = value
        }
        let sorted = values.sorted { $0.key < $1.key }
        return (sorted.map(\.key), sorted.map(\.value))
    }

    // MARK: - Private

    private static func word(_ text: String) -> String {
        let bytes = text.unicodeScalars.map { scalar -> UInt8 in
            guard scalar.isASCII, MetricFamily.isWordByte(UInt8(scalar.value)) else { return UInt8(ascii: "_") }
            return UInt8(scalar.value)
        }
        let word = String(decoding: bytes, as: UTF8.self)
        if word.isEmpty { return "_" }
        return MetricFamily.isName(word) ? word : "_" + word
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The tags of a document without comments and CDATA, well formed and each closed in order.
struct XMLTags {
    struct Fault: Error {
        let text: String
    }

    private(set) var names: [String] = []

    init(_ text: String) throws {
        var open: [String] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            try Self.check(text: rest[..<start])
            guard let end = rest[start...].firstIndex(of: ">") else { throw Fault(text: String(rest.suffix(40))) }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { throw Fault(text: String(tag)) }
                continue
            }
            let body = tag.hasSuffix("/") ? tag.dropLast() : tag
            guard let match = body.wholeMatch(of: #/([a-z]+)( [a-zA-Z]+="[^"<&]*")*/#) else {
                throw Fault(text: String(tag))
            }
            self.names.append(String(match.1))
            if body.endIndex == tag.endIndex { open.append(String(match.1)) }
        }
        try Self.check(text: rest)
        guard open.isEmpty, self.names.first == "svg" else { throw Fault(text: "\(open)") }
    }

    private static func check(text: Substring) throws {
        let bare = text.replacing(#/&(amp|lt|gt|quot);/#, with: "")
        guard !bare.contains("&"), !bare.contains(">") else { throw Fault(text: String(text)) }
    }
}

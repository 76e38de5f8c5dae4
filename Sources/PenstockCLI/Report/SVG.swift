//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Writes a picture as SVG by hand, with its colours for light and dark in itself.
struct SVG {
    private let width: Int
    private let height: Int
    private let title: String
    private let description: String
    private let style: String
    private var body: [String] = []

    /// - Parameters:
    ///   - title: What the picture is, for those who cannot see it.
    ///   - description: What it shows, for them too.
    ///   - style: Rules of CSS for the classes; those of `ground` and `text` are here.
    init(width: Int, height: Int, title: String, description: String, style: String) {
        self.width = width
        self.height = height
        self.title = title
        self.description = description
        self.style = style
    }

    /// Text that may stand anywhere in XML.
    static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }

    mutating func rectangle(_ classes: String, x: Int, y: Int, width: Int, height: Int) {
        self.body.append(#"<rect class="\#(classes)" x="\#(x)" y="\#(y)" width="\#(width)" height="\#(height)"/>"#)
    }

    mutating func text(_ text: String, _ classes: String = "", x: Int, y: Int) {
        let attribute = classes.isEmpty ? "" : #" class="\#(classes)""#
        self.body.append(#"<text\#(attribute) x="\#(x)" y="\#(y)">\#(Self.escaped(text))</text>"#)
    }

    /// The whole file.
    var file: String {
        let size = #"width="\#(self.width)" height="\#(self.height)" viewBox="0 0 \#(self.width) \#(self.height)""#
        return """
            <svg xmlns="http://www.w3.org/2000/svg" role="img" \(size)>
            <title>\(Self.escaped(self.title))</title>
            <desc>\(Self.escaped(self.description))</desc>
            <style>
            text { font: 13px -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1d1d1f; }
            .ground { fill: #ffffff; } .soft { fill: #5c5c63; } .title { font-size: 18px; font-weight: 600; }
            .head { font-size: 14px; font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }
            @media (prefers-color-scheme: dark) {
            text { fill: #f2f2f5; } .ground { fill: #1c1c1e; } .soft { fill: #b0b0b8; }
            }
            \(self.style)
            </style>
            <rect class="ground" width="\(self.width)" height="\(self.height)"/>
            \(self.body.joined(separator: "\n"))
            </svg>

            """
    }
}

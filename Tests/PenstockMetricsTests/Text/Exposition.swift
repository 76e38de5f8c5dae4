//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A scrape as text, read again: strictly, and by other code than wrote it.
struct Exposition {
    struct Line: Hashable {
        var name: String
        var labels: [String: String]
        var value: String
        var exemplar: String?
    }

    struct Problem: Error { let text: String }

    private(set) var lines: [Line] = []
    /// What follows `# TYPE`, `# HELP` and `# UNIT`, by the family's name.
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]
    private(set) var units: [String: String] = [:]
    private(set) var endsWithMark = false

    init(_ text: String) throws {
        guard text.utf8.last == UInt8(ascii: "\n") else { throw Problem(text: "the last line does not end") }
        for line in text.unicodeScalars.split(separator: "\n").map({ String($0) }) {
            guard !self.endsWithMark else { throw Problem(text: "after the end: \(line)") }
            if line == "# EOF" {
                self.endsWithMark = true
            } else if line.hasPrefix("# ") {
                try self.take(comment: line)
            } else {
                self.lines.append(try Self.sample(line))
            }
        }
    }

    /// The value of a series.
    func value(_ name: String, _ labels: [String: String] = [:]) -> String? {
        self.lines.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func take(comment line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4 else { throw Problem(text: line) }
        switch words[1] {
        case "TYPE": self.types[words[2]] = words[3]
        case "HELP": self.helps[words[2]] = words[3]
        case "UNIT": self.units[words[2]] = words[3]
        default: throw Problem(text: line)
        }
    }

    private static func sample(_ line: String) throws -> Line {
        var rest = line.unicodeScalars[...]
        let name = rest.prefix { $0 != "{" && $0 != " " }
        rest = rest.dropFirst(name.count)
        let labels = rest.first == "{" ? try self.labels(&rest) : [:]
        guard rest.popFirst() == " " else { throw Problem(text: line) }
        let parts = String(rest).split(separator: " ", maxSplits: 1).map(String.init)
        guard let value = parts.first else { throw Problem(text: line) }
        return Line(name: String(name), labels: labels, value: value, exemplar: parts.count > 1 ? parts[1] : nil)
    }

    private static func labels(_ rest: inout Substring.UnicodeScalarView) throws -> [String: String] {
        var labels: [String: String] = [:]
        rest.removeFirst()
        while rest.first != "}" {
            let name = rest.prefix { $0 != "=" }
            rest = rest.dropFirst(name.count + 1)
            guard rest.popFirst() == "\"" else { throw Problem(text: "no quotation mark") }
            var value = String.UnicodeScalarView()
            while let scalar = rest.popFirst(), scalar != "\"" {
                guard scalar == "\\" else {
                    value.append(scalar)
                    continue
                }
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\"": value.append("\"")
                case "\\": value.append("\\")
                default: throw Problem(text: "no such escape")
                }
            }
            guard labels.updateValue(String(value), forKey: String(name)) == nil else {
                throw Problem(text: "twice: \(name)")
            }
            if rest.first == "," { rest.removeFirst() }
        }
        rest.removeFirst()
        return labels
    }
}

/// Texts that have broken other programs.
enum NaughtyTexts {
    static let all = [
        "", " ", "\n", "\r\n", "\r", "\t", "\0", "\"", "\\", "\\n", "\\\"", "\"}", "} 1\n# EOF\n", "# HELP x y",
        "a=\"b\"",
        "{}", ",", "=", "\u{2028}", "\u{2029}", "\u{85}", "\u{FEFF}", "\u{200B}", "e\u{301}", "👩‍👩‍👧‍👦", "مرحبا",
        "\u{202E}abc",
        "田中さん", "𝕋𝕙𝕖", "' OR 1=1 --", "<script>alert(1)</script>", "$(touch /tmp/x)", "%s%n", "NaN", "+Inf", "le",
        "\u{10FFFF}", "\u{1B}[31m", "Robert'); DROP TABLE jobs;--", String(repeating: "\"", count: 600),
        String(repeating: "ß", count: 5_000),
    ]
}

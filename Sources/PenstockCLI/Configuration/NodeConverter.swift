//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Yams

/// Turns the YAML parser's nodes into values, aliases expanded, and finds keys that are given twice.
struct NodeConverter {
    private(set) var diagnostics: [Diagnostic] = []
    /// How many values there are so far; beyond the most allowed nothing more is converted.
    private(set) var count = 0
    private let renamed: RenamedKeys

    init(renamed: RenamedKeys) {
        self.renamed = renamed
    }

    /// The value of a node.
    mutating func value(of node: Node) -> YAMLValue {
        self.count += 1
        let place = Self.place(of: node)
        guard self.count <= YAMLDocument.valuesMax else {
            return YAMLValue(place: place, content: .list([]))
        }
        switch node {
        case .scalar(let scalar):
            let content = YAMLValue.Scalar(text: scalar.string, style: .init(scalar.style))
            return YAMLValue(place: place, content: .scalar(content), tag: Self.tag(scalar.tag))
        case .sequence(let sequence):
            var list: [YAMLValue] = []
            for element in sequence where self.count <= YAMLDocument.valuesMax {
                list.append(self.value(of: element))
            }
            return YAMLValue(place: place, content: .list(list), tag: Self.tag(sequence.tag))
        case .mapping(let mapping):
            let entries = self.entries(of: mapping)
            return YAMLValue(place: place, content: .map(entries), tag: Self.tag(mapping.tag))
        case .alias:
            // The composer has put the node in the place of its alias.
            return YAMLValue(place: place, content: .scalar(.init(text: "", style: .plain)))
        }
    }

    // MARK: - Private

    private mutating func entries(of mapping: Node.Mapping) -> [YAMLValue.Entry] {
        var entries: [YAMLValue.Entry] = []
        var firsts: [String: Place] = [:]
        for pair in mapping where self.count <= YAMLDocument.valuesMax {
            let place = Self.place(of: pair.key)
            guard case .scalar(let scalar) = pair.key else {
                self.diagnostics.append(
                    Diagnostic(place, "a key must be a name, not a list or a map", hint: "write 'key: value'")
                )
                continue
            }
            let key = self.renamed.name(at: place) ?? scalar.string
            if let first = firsts[key] {
                self.diagnostics.append(
                    Diagnostic(
                        place,
                        "the key '\(key)' is given twice; it is first given on line \(first.line), "
                            + "column \(first.column)",
                        hint: "keep one of them"
                    )
                )
                continue
            }
            firsts[key] = place
            entries.append(YAMLValue.Entry(key: key, place: place, value: self.value(of: pair.value)))
        }
        return entries
    }

    private static func place(of node: Node) -> Place {
        node.mark.map { Place(line: $0.line, column: $0.column) } ?? Place(line: 1, column: 1)
    }

    /// A tag that is written in the file; what YAML gives by itself is none.
    private static func tag(_ tag: Tag) -> String? {
        let name = tag.description
        return name.isEmpty || name == "!" || name.hasPrefix("tag:yaml.org,2002:") ? nil : name
    }
}

extension YAMLValue.Style {
    init(_ style: Node.Scalar.Style) {
        switch style {
        case .any, .plain: self = .plain
        case .singleQuoted: self = .singleQuoted
        case .doubleQuoted: self = .doubleQuoted
        case .literal: self = .literal
        case .folded: self = .folded
        }
    }
}

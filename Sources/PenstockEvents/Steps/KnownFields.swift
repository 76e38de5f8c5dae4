//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is known before a run of the fields that events have between two steps.
///
/// So a filter that could only make dead letters is found before the first event comes.
package struct KnownFields: Sendable, Equatable {
    /// Whether events are objects by now; otherwise they are lines.
    package private(set) var areObjects: Bool
    /// All paths that events can have; nil when nobody knows.
    private var all: [[String]]?
    /// Names that events do not have any more, and what they are called instead.
    private var renamed: [String: String] = [:]

    /// What is known of events as they are decoded.
    package init(_ decode: DecodeFormat) {
        self.areObjects = decode == .json
    }

    /// The paths that events can have, for a message; nil when nobody knows.
    package var names: [String]? { self.all?.map { $0.joined(separator: ".") } }

    /// What is known behind a step.
    package mutating func pass(_ step: StepDescription) {
        switch step {
        case .filter: break
        case .own:
            self.all = nil
            self.renamed = [:]
        case .select(let paths):
            self.all = paths.map(FieldPaths.split)
            self.renamed = [:]
        case .rename(let pairs): self.pass(pairs)
        case .parse(let what):
            let names = ((try? what.names()) ?? []).map { [$0] }
            if what.field == nil {
                self.areObjects = true
                self.all = names
            } else {
                self.all? += names
                for name in names { self.renamed[name[0]] = nil }
            }
        case .aggregate(let what):
            self.areObjects = true
            let columns = (what.sum + what.min + what.max).map(\.name)
            let names = what.by + (what.count.map { [$0] } ?? []) + columns + ["window_start", "window_end"]
            self.all = names.map { [$0] }
            self.renamed = [:]
        }
    }

    /// Why a path can never have a value, as the end of a sentence; nil when it can.
    package func problem(of path: [String]) -> String? {
        guard let root = path.first else { return nil }
        if let name = self.renamed[root] { return "'\(root)' is called '\(name)' by then" }
        guard let all = self.all else { return nil }
        if all.contains(where: { $0.starts(with: path) || path.starts(with: $0) }) { return nil }
        return "no event has a field '\(path.joined(separator: "."))' by then"
    }

    // MARK: - Private

    private mutating func pass(_ pairs: [RenameDescription]) {
        self.all = self.all.map { all in
            let gone = Set(pairs.filter { pair in all.contains { $0[0] == pair.old } }.map(\.new))
            let kept = all.filter { path in !gone.contains(path[0]) || pairs.contains { $0.old == path[0] } }
            return kept.map { path in
                guard let pair = pairs.first(where: { $0.old == path[0] }) else { return path }
                return [pair.new] + path.dropFirst()
            }
        }
        for pair in pairs { self.renamed[pair.old] = pair.new }
        for pair in pairs { self.renamed[pair.new] = nil }
    }
}

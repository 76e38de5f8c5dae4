//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A place in a text: line and column, both from 1, columns counted in Unicode scalars.
struct Place: Hashable, Comparable, Sendable {
    var line: Int
    var column: Int

    static func < (left: Place, right: Place) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One thing that is wrong with a pipeline file.
struct Diagnostic: Hashable, Sendable {
    /// Where it is wrong; nil when the whole file is meant.
    var place: Place?
    /// What is wrong.
    var message: String
    /// What to write instead.
    var hint: String?

    init(_ place: Place?, _ message: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
    }

    /// The diagnostic as compilers write it, with the hint on a line of its own.
    func text(file: String) -> String {
        let position = self.place.map { ":\($0.line):\($0.column)" } ?? ""
        let hint = self.hint.map { "\n    hint: \($0)" } ?? ""
        return "\(file)\(position): error: \(self.message)\(hint)\n"
    }
}

/// The diagnostics that stopped a command.
struct DiagnosticsError: Error {
    let diagnostics: [Diagnostic]
}

extension [Diagnostic] {
    /// Those of values of which nothing is known to be wrong yet.
    func atOtherPlaces(than known: [Diagnostic]) -> [Diagnostic] {
        let places = Set(known.compactMap(\.place))
        return self.filter { diagnostic in diagnostic.place.map { !places.contains($0) } ?? true }
    }

    /// In the order of the file, each once: a value that is used by alias would repeat its own.
    ///
    /// Beyond a hundred only their number is told.
    func sortedByPlace() -> [Diagnostic] {
        var seen = Set<Diagnostic>()
        let unique = self.filter { seen.insert($0).inserted }
        // `sort` is stable, which keeps the order of what stands at one place.
        let sorted = unique.sorted { left, right in
            (left.place ?? Place(line: 0, column: 0)) < (right.place ?? Place(line: 0, column: 0))
        }
        guard sorted.count > 100 else { return sorted }
        return sorted.prefix(100) + [Diagnostic(nil, "there are \(grouped(sorted.count - 100)) more errors")]
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps some fields of an object, and leaves the others out.
///
/// Values are copied as they are written. A path keeps its place: `actor.login` comes to `{"actor":{"login":…}}`.
struct SelectStep: Sendable {
    /// A name, and what is kept of its value.
    private struct Node: Sendable {
        var name: String
        /// The name as JSON, with its colon.
        var label: [UInt8]
        /// The path whose value is kept whole; nil when parts of it are.
        var path: Int?
        var children: [Node] = []
    }

    private var paths = FieldPaths()
    private var nodes: [Node] = []

    /// Creates a step.
    ///
    /// - Parameters:
    ///   - names: The paths, in the order in which they are to be; checked by ``problem(of:)``.
    ///   - fields: Where the fields are asked for.
    init(_ names: [String], fields: inout FieldSet) {
        for name in names {
            let path = self.paths.add(FieldPaths.split(name), fields: &fields)
            Self.insert(FieldPaths.split(name)[...], path, into: &self.nodes)
        }
    }

    /// What is wrong with a list of paths, as the end of a sentence, and with which of them.
    static func problem(of names: [String]) -> (place: Int, text: String)? {
        var seen: [[String]] = []
        for (place, name) in names.enumerated() {
            if let problem = FieldPaths.problem(of: name) { return (place, problem) }
            let path = FieldPaths.split(name)
            if let other = seen.first(where: { $0.starts(with: path) || path.starts(with: $0) }) {
                let other = other.joined(separator: ".")
                if other == name { return (place, "'\(name)' is listed twice") }
                return (place, "'\(name)' and '\(other)' cannot both be kept: one is a part of the other")
            }
            seen.append(path)
        }
        return nil
    }

    /// Appends an object of the fields that the event has.
    func apply(to event: EventView, _ output: inout [UInt8]) {
        _ = self.append(self.nodes, of: event, &output)
    }

    // MARK: - Private

    private static func insert(_ names: ArraySlice<String>, _ path: Int, into nodes: inout [Node]) {
        guard let name = names.first else { return }
        let place = nodes.firstIndex { $0.name == name } ?? nodes.count
        if place == nodes.count { nodes.append(Node(name: name, label: ObjectWriter.label(name))) }
        if names.count == 1 {
            nodes[place].path = path
        } else {
            self.insert(names.dropFirst(), path, into: &nodes[place].children)
        }
    }

    /// Appends an object; false when the event has none of its fields.
    private func append(_ nodes: [Node], of event: EventView, _ output: inout [UInt8]) -> Bool {
        var writer = ObjectWriter(&output)
        var hasAny = false
        for node in nodes {
            if let path = node.path {
                let field = self.paths.find(path, in: event)
                guard field.kind != .absent else { continue }
                writer.key(node.label, &output)
                output.append(contentsOf: event.source(of: field))
                hasAny = true
            } else {
                let (before, writerBefore) = (output.count, writer)
                writer.key(node.label, &output)
                if self.append(node.children, of: event, &output) {
                    hasAny = true
                } else {
                    output.removeLast(output.count - before)
                    writer = writerBefore
                }
            }
        }
        writer.end(&output)
        return hasAny
    }
}

extension FieldPaths {
    /// The names of a path such as `actor.login`.
    static func split(_ path: String) -> [String] {
        path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    /// What is wrong with a path, as the end of a sentence.
    static func problem(of path: String) -> String? {
        let names = Self.split(path)
        if names.contains("") { return "'\(path)' is no field path" }
        if names.count > Self.namesMax { return "'\(path)' has more than \(Self.namesMax) names" }
        return nil
    }
}

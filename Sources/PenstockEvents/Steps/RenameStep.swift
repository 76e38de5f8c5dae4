//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Gives fields at the top of an object other names.
///
/// Everything else of the event stays as it is written, the order of its fields included. A field that has a new name already
/// gives way to the one that is renamed.
struct RenameStep: Sendable {
    private struct Pair: Sendable {
        var old: [UInt8]
        var new: [UInt8]
        /// The new name as JSON, with its colon.
        var label: [UInt8]
        /// Where the old name's place is noted.
        var field: Int
    }

    private var pairs: [Pair] = []

    /// Creates a step.
    ///
    /// - Parameters:
    ///   - names: The names; checked by ``problem(of:)``.
    ///   - fields: Where the fields are asked for.
    init(_ names: [RenameDescription], fields: inout FieldSet) {
        self.pairs = names.map { pair in
            Pair(
                old: Array(pair.old.utf8),
                new: Array(pair.new.utf8),
                label: ObjectWriter.label(pair.new),
                field: fields.index(of: pair.old)
            )
        }
    }

    /// What is wrong with a list of names, as the end of a sentence; with which of them, and whether with the new name.
    static func problem(of names: [RenameDescription]) -> (place: Int, isNew: Bool, text: String)? {
        var (old, new): (Set<String>, Set<String>) = ([], [])
        for (place, pair) in names.enumerated() {
            for (isNew, name) in [(false, pair.old), (true, pair.new)] {
                if name.isEmpty { return (place, isNew, "a field has no name") }
                if name.contains(".") {
                    return (place, isNew, "'\(name)' has a '.' in it: only fields at the top have other names")
                }
            }
            if pair.old == pair.new { return (place, true, "'\(pair.old)' is called so already") }
            if !old.insert(pair.old).inserted { return (place, false, "'\(pair.old)' is renamed twice") }
            if !new.insert(pair.new).inserted { return (place, true, "two fields would be called '\(pair.new)'") }
        }
        return nil
    }

    /// Appends the event with its new names.
    func apply(to event: EventView, _ output: inout [UInt8]) {
        var writer = ObjectWriter(&output)
        JSONMember.forEach(of: event.object, in: event) { key, value in
            for pair in self.pairs where Self.is(key, pair.old, event) {
                writer.key(pair.label, &output)
                output.append(contentsOf: event.source(of: value))
                return
            }
            let givesWay = self.pairs.contains {
                event.fields[$0.field].kind != .absent && Self.is(key, $0.new, event)
            }
            if givesWay { return }
            writer.key(event.source(of: key), &output)
            output.append(UInt8(ascii: ":"))
            output.append(contentsOf: event.source(of: value))
        }
        writer.end(&output)
    }

    // MARK: - Private

    private static func `is`(_ key: JSONField, _ name: [UInt8], _ event: EventView) -> Bool {
        name.withUnsafeBufferPointer { JSONMember.key(key, of: event, is: $0) }
    }
}

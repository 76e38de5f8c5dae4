//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// Steps.
extension PipelineFileReader {
    /// The kinds of steps.
    static let stepKeys = ["filter", "select", "rename", "parse", "aggregate"]

    mutating func readSteps(_ value: YAMLValue) {
        let example = "start each step with '- ', such as '- filter: delay > 60'"
        guard let steps = self.values.list(value, what: "'steps'", hint: example) else { return }
        var aggregated = false
        for (number, step) in steps.enumerated() {
            let what = "step \(number + 1)"
            let known = Self.stepKeys
            guard let entries = self.values.entries(of: step, what: what, example: "- filter: delay > 60") else {
                continue
            }
            for entry in entries where !known.contains(entry.key) {
                self.values.unknown(entry, what: what, known: known)
            }
            let named = entries.filter { known.contains($0.key) }
            if entries.isEmpty {
                self.values.fail(step.place, "\(what) is empty", hint: "one of: \(known.joined(separator: ", "))")
            } else if named.count > 1 {
                self.values.fail(named[1].place, "\(what) has two keys", hint: "start the second step with '- '")
            }
            for entry in named {
                if aggregated {
                    self.values.unavailable(entry.place, "a step after 'aggregate'", hint: "put 'aggregate' last")
                }
                self.readStep(entry, what: what)
                aggregated = aggregated || entry.key == "aggregate"
            }
        }
    }

    // MARK: - Private

    private mutating func readStep(_ entry: YAMLValue.Entry, what: String) {
        switch entry.key {
        case "filter": self.readFilter(entry, what: what)
        case "select": self.readSelect(entry, what: what)
        case "rename": self.readRename(entry, what: what)
        case "parse": self.readParse(entry, what: what)
        default: self.readAggregate(entry, what: what)
        }
    }

    private mutating func readFilter(_ entry: YAMLValue.Entry, what: String) {
        if !self.known.areObjects { self.refuseDecode(entry, what: "'filter' reads fields") }
        guard
            let text = self.expression(entry.value, what: "'filter' of \(what)", named: "in the filter of \(what)")
        else { return }
        self.add(.filter(text))
    }

    /// An expression that parses.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - what: What it is, for a message about its type.
    ///   - named: Where an error is, at the beginning of its message.
    mutating func expression(_ value: YAMLValue, what: String, named: String) -> String? {
        guard self.values.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning != .null else {
            self.values.wrongType(
                value,
                what: what,
                wanted: "an expression",
                hint: "such as 'delay > 60'; quote one that begins with [ or {"
            )
            return nil
        }
        do throws(ExpressionError) {
            var fields = FieldSet()
            let filter = try FilterExpression(scalar.text, fields: &fields)
            return self.checkFields(of: filter, scalar, at: value.place, named: named) ? scalar.text : nil
        } catch {
            let place = ScalarPlace.place(of: error.offset, in: scalar, from: value.place, of: self.source)
            self.values.fail(place, "\(named): \(error.message)", hint: error.hint)
            return nil
        }
    }

    mutating func refuseDecode(_ entry: YAMLValue.Entry, what: String) {
        self.values.fail(
            entry.place,
            "\(what), which events of 'decode: \(self.file.description.decode.rawValue)' do not have",
            hint: "write 'decode: json', or make objects of lines with a step 'parse'"
        )
    }

    private mutating func readAggregate(_ entry: YAMLValue.Entry, what: String) {
        let what = "'aggregate' of \(what)"
        guard
            let fields = self.values.fields(
                of: entry.value,
                what: what,
                known: ["by", "every", "count", "sum", "min", "max", "groups", "key_bytes"],
                required: ["every": "'every: 10s'"]
            )
        else { return }
        var aggregate = AggregateDescription(by: [], every: .zero)
        var names = ResultNames()
        if let value = fields["by"] { aggregate.by = self.groupFields(value, names: &names) }
        if let value = fields["every"], let every = self.window(value) { aggregate.every = every }
        if let value = fields["count"], let name = self.values.text(value, what: "'count'") {
            aggregate.count = name
            self.take(name, at: value.place, in: &names)
        }
        aggregate.sum = self.columns(fields["sum"], what: "'sum'", names: &names)
        aggregate.min = self.columns(fields["min"], what: "'min'", names: &names)
        aggregate.max = self.columns(fields["max"], what: "'max'", names: &names)
        if let value = fields["groups"] {
            let range = 1...AggregateDescription.groupsLimit
            aggregate.groupsMax = self.values.integer(value, what: "'groups'", in: range) ?? 1
        }
        if let value = fields["key_bytes"] { aggregate.keyBytesMax = self.keyBytes(value) ?? 1 }
        if ["count", "sum", "min", "max"].allSatisfy({ fields[$0] == nil }) {
            self.values.fail(entry.place, "\(what) works nothing out", hint: "add 'count: NAME', or sum, min or max")
        }
        let readsFields = ["by", "sum", "min", "max"].contains { fields[$0] != nil }
        if readsFields, !self.known.areObjects {
            self.refuseDecode(entry, what: "\(what) reads fields")
        }
        self.add(.aggregate(aggregate))
    }

    private mutating func keyBytes(_ value: YAMLValue) -> Int? {
        guard let bytes = self.size(value, what: "'key_bytes'") else { return nil }
        guard bytes <= AggregateDescription.keyBytesLimit else {
            self.values.fail(value.place, "'key_bytes' must be at most 1024GiB", hint: "a size such as 8MiB")
            return nil
        }
        return bytes
    }

    private mutating func window(_ value: YAMLValue) -> Duration? {
        let every = self.values.quantity(value, what: "'every'", example: "10s", Quantity.duration)
        if let every, every < .milliseconds(1) {
            self.values.fail(value.place, "'every' must be at least 1ms", hint: "a time such as 10s")
            return nil
        }
        return every
    }

    private mutating func groupFields(_ value: YAMLValue, names: inout ResultNames) -> [String] {
        guard let list = self.values.list(value, what: "'by'", hint: "write 'by: [FIELD]'") else { return [] }
        var fields: [String] = []
        for element in list {
            guard let field = self.fieldPath(element, what: "a field of 'by'") else { continue }
            fields.append(field)
            self.take(field, at: element.place, in: &names)
        }
        return fields
    }

    private mutating func columns(
        _ value: YAMLValue?,
        what: String,
        names: inout ResultNames
    ) -> [AggregateDescription.Column] {
        guard let value, let entries = self.values.entries(of: value, what: what, example: "FIELD: NAME") else {
            return []
        }
        if entries.isEmpty {
            self.values.fail(value.place, "\(what) is empty", hint: "write { FIELD: NAME }")
        }
        var columns: [AggregateDescription.Column] = []
        for entry in entries {
            self.checkFieldPath(entry.key, what: "a field of \(what)", at: entry.place)
            guard let name = self.values.text(entry.value, what: "the name for \(what) of '\(shown(entry.key))'") else {
                continue
            }
            self.take(name, at: entry.value.place, in: &names)
            columns.append(.init(field: entry.key, name: name))
        }
        return columns
    }

    mutating func fieldPath(_ value: YAMLValue, what: String) -> String? {
        guard let path = self.values.text(value, what: what) else { return nil }
        self.checkFieldPath(path, what: what, at: value.place)
        return path
    }

    /// Notes a path that is none, or that no event has.
    mutating func checkFieldPath(_ path: String, what: String, at place: Place) {
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if names.contains("") {
            self.values.fail(place, "\(what) is '\(shown(path))', which is no field path", hint: "such as a or a.b")
        } else if self.known.areObjects, let problem = self.known.problem(of: names) {
            self.values.fail(place, "\(what): \(shown(problem, limit: 200))", hint: self.hint(for: path))
        }
    }

    /// Notes a name that a row would hold twice.
    private mutating func take(_ name: String, at place: Place, in names: inout ResultNames) {
        if ResultNames.reserved.contains(name) {
            self.values.fail(place, "each row has '\(name)' by itself", hint: "give the result another name")
        } else if let first = names.places.updateValue(place, forKey: name) {
            self.values.fail(
                place,
                "a row would hold '\(shown(name))' twice; the first is on line \(first.line), column \(first.column)",
                hint: "give one of them another name"
            )
        }
    }
}

/// The names that the rows of an aggregate hold.
struct ResultNames {
    static let reserved: Set = ["window_start", "window_end"]
    var places: [String: Place] = [:]
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// Steps that make other events: select, rename and parse.
extension PipelineFileReader {
    /// The keys of a `parse` that is written as a map.
    static let parseKeys = ["regex", "format", "field", "types"]
    /// The formats that `parse` knows by name.
    static let parseFormats = ["apache_combined"]

    /// Adds a step, and notes what it does to fields.
    mutating func add(_ step: StepDescription) {
        self.file.description.steps.append(step)
        self.known.pass(step)
    }

    mutating func readSelect(_ entry: YAMLValue.Entry, what: String) {
        let what = "'select' of \(what)"
        if !self.known.areObjects { self.refuseDecode(entry, what: "\(what) reads fields") }
        guard let list = self.values.list(entry.value, what: what, hint: "write 'select: [FIELD, FIELD]'") else {
            return
        }
        if list.isEmpty { self.values.fail(entry.value.place, "\(what) keeps nothing", hint: "select: [FIELD, FIELD]") }
        let faults = self.values.diagnostics.count
        let paths = list.compactMap { self.fieldPath($0, what: "a field of \(what)") }
        guard !list.isEmpty, self.values.diagnostics.count == faults else { return }
        if let problem = SelectDescription.problem(of: paths) {
            self.values.fail(
                list[problem.place].place,
                "\(what): \(shown(problem.text, limit: 200))",
                hint: "keep one of them"
            )
            return
        }
        self.add(.select(paths))
    }

    mutating func readRename(_ entry: YAMLValue.Entry, what: String) {
        let what = "'rename' of \(what)"
        if !self.known.areObjects { self.refuseDecode(entry, what: "\(what) reads fields") }
        let entries = self.values.entries(of: entry.value, what: what, example: "OLD: NEW") ?? []
        if entries.isEmpty, case .map = entry.value.content {
            self.values.fail(entry.value.place, "\(what) is empty", hint: "write { OLD: NEW }")
        }
        let faults = self.values.diagnostics.count
        var pairs: [RenameDescription] = []
        for pair in entries {
            let name = self.values.text(pair.value, what: "the new name for '\(shown(pair.key))'")
            if self.known.areObjects, let problem = self.known.problem(of: [pair.key]) {
                self.values.fail(pair.place, "\(what): \(shown(problem, limit: 200))", hint: self.hint(for: pair.key))
            }
            if let name { pairs.append(RenameDescription(old: pair.key, new: name)) }
        }
        guard !entries.isEmpty, self.values.diagnostics.count == faults else { return }
        if let problem = RenameDescription.problem(of: pairs) {
            let place = problem.isNew ? entries[problem.place].value.place : entries[problem.place].place
            self.values.fail(
                place,
                "\(what): \(shown(problem.text, limit: 200))",
                hint: "write { OLD: NEW }, each name once"
            )
            return
        }
        self.add(.rename(pairs))
    }

    mutating func readParse(_ entry: YAMLValue.Entry, what: String) {
        let what = "'parse' of \(what)"
        var description: ParseDescription?
        if case .map = entry.value.content {
            description = self.parse(entry.value, what: what)
        } else if case .scalar(let scalar) = entry.value.content, scalar.meaning == .text, scalar.text.contains("(") {
            let hint = "write 'parse: { regex: '…' }'"
            self.values.fail(entry.value.place, "\(what) takes a regular expression under 'regex'", hint: hint)
        } else if self.values.choice(entry.value, what: what, of: Self.parseFormats) != nil {
            description = ParseDescription(.apacheCombined)
        }
        guard let description else { return }
        if description.field == nil, self.known.areObjects {
            self.values.fail(
                entry.place,
                "\(what) takes lines apart, and events are objects here",
                hint: "write 'decode: lines', or name the field that holds the text: 'field: NAME'"
            )
            return
        }
        if description.field != nil, !self.known.areObjects {
            self.refuseDecode(entry, what: "\(what) reads a field")
            return
        }
        self.add(.parse(description))
    }

    /// Whether events can have the fields that an expression reads; notes the first one that they cannot have.
    mutating func checkFields(
        of filter: FilterExpression,
        _ scalar: YAMLValue.Scalar,
        at start: Place,
        named: String
    ) -> Bool {
        guard self.known.areObjects else { return true }
        for path in filter.paths {
            guard let problem = self.known.problem(of: path), let root = path.first else { continue }
            let offset = Self.offset(of: root, in: scalar.text)
            let place = ScalarPlace.place(of: offset, in: scalar, from: start, of: self.source)
            let hint = self.hint(for: path.joined(separator: "."))
            self.values.fail(place, "\(named): \(shown(problem, limit: 200))", hint: hint)
            return false
        }
        return true
    }

    /// What may have been meant by a field that no event has.
    func hint(for path: String) -> String? {
        self.known.names.map { Suggestion.hint(for: path, among: $0) }
    }

    // MARK: - Private

    /// How many bytes into an expression a name stands as a word; 0 if it is not found as it is.
    private static func offset(of name: String, in text: String) -> Int {
        let (text, name) = (Array(text.utf8), Array(name.utf8))
        func isWord(_ place: Int) -> Bool {
            guard text.indices.contains(place) else { return false }
            let byte = text[place]
            return byte == UInt8(ascii: "_") || byte >= 0x80 || (byte | 0x20 >= 97 && byte | 0x20 <= 122)
                || (48...57).contains(byte)
        }
        guard name.count <= text.count else { return 0 }
        return (0...text.count - name.count).first { place in
            text[place...].starts(with: name) && !isWord(place - 1) && !isWord(place + name.count)
        } ?? 0
    }

    private mutating func parse(_ value: YAMLValue, what: String) -> ParseDescription? {
        guard let fields = self.values.fields(of: value, what: what, known: Self.parseKeys) else { return nil }
        var description: ParseDescription?
        switch (fields["regex"], fields["format"]) {
        case (nil, nil):
            let hint = "write { regex: '^(?<name>…)' } or \(Self.parseFormats[0])"
            self.values.fail(value.place, "\(what) has neither 'regex' nor 'format'", hint: hint)
        case (.some, let format?):
            self.values.fail(format.place, "\(what) has both 'regex' and 'format'", hint: "keep one of them")
        case (let regex?, nil): description = self.pattern(regex, what: what)
        case (nil, let format?):
            if self.values.choice(format, what: "'format' of \(what)", of: Self.parseFormats) != nil {
                description = ParseDescription(.apacheCombined)
            }
        }
        let faults = self.values.diagnostics.count
        if let field = fields["field"] { description?.field = self.fieldPath(field, what: "'field' of \(what)") }
        if let types = fields["types"] { self.readTypes(types, what: what, &description) }
        return self.values.diagnostics.count == faults ? description : nil
    }

    private mutating func pattern(_ value: YAMLValue, what: String) -> ParseDescription? {
        guard let text = self.values.text(value, what: "'regex' of \(what)"), case .scalar(let scalar) = value.content
        else { return nil }
        let description = ParseDescription(.pattern(text))
        do throws(PatternError) {
            let names = try description.names()
            if !names.isEmpty { return description }
            self.values.fail(
                value.place,
                "'regex' of \(what) has no named group",
                hint: "name what is to be a field: (?<status>\\d+)"
            )
        } catch {
            let place = ScalarPlace.place(of: error.offset, in: scalar, from: value.place, of: self.source)
            self.values.fail(place, "in 'regex' of \(what): \(error.message)", hint: error.hint)
        }
        return nil
    }

    private mutating func readTypes(_ value: YAMLValue, what: String, _ description: inout ParseDescription?) {
        let example = "GROUP: int"
        guard let entries = self.values.entries(of: value, what: "'types' of \(what)", example: example) else { return }
        let words = ParseDescription.ValueType.allCases.map(\.rawValue)
        let names = description.flatMap { try? $0.names() }
        if case .apacheCombined = description?.form {
            self.values.fail(value.place, "\(what) knows the types of its fields", hint: "leave 'types' out")
            return
        }
        for entry in entries {
            if let names, !names.contains(entry.key) {
                self.values.fail(
                    entry.place,
                    "the regex of \(what) has no group '\(shown(entry.key))'",
                    hint: Suggestion.hint(for: entry.key, among: names)
                )
                continue
            }
            let word = self.values.choice(entry.value, what: "the type of '\(shown(entry.key))'", of: words)
            description?.types[entry.key] = word.flatMap(ParseDescription.ValueType.init)
        }
    }
}

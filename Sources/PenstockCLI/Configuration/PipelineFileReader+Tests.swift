//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// Examples.
extension PipelineFileReader {
    /// The keys of an example.
    static let testKeys = ["name", "input", "expect", "sink", "dead", "dead_letters"]

    mutating func readTests(_ value: YAMLValue) {
        let example = "start each example with '- name: …'"
        guard let tests = self.values.list(value, what: "'tests'", hint: example) else { return }
        var names: [String: Place] = [:]
        for (number, test) in tests.enumerated() {
            let what = "test \(number + 1)"
            guard let example = self.test(test, what: what) else { continue }
            if let first = names.updateValue(example.place, forKey: example.name) {
                let name = shown(example.name)
                self.values.fail(
                    test.place,
                    "\(what) is called '\(name)', like the one on line \(first.line)",
                    hint: "give it another name"
                )
            }
            self.file.tests.append(example)
        }
    }

    // MARK: - Private

    private mutating func test(_ value: YAMLValue, what: String) -> PipelineExample? {
        let required = ["name": "'name: what it shows'", "input": "'input: [ … ]'", "expect": "'expect: [ … ]'"]
        guard let fields = self.values.fields(of: value, what: what, known: Self.testKeys, required: required) else {
            return nil
        }
        var example = PipelineExample(name: "", place: value.place)
        if let name = fields["name"] { example.name = self.values.text(name, what: "'name' of \(what)") ?? "" }
        if let input = fields["input"] { example.input = self.input(input, what: what) }
        if let expect = fields["expect"] {
            example.expectations = self.expectations(expect, fields["sink"], what: what)
        }
        switch (fields["dead"], fields["dead_letters"]) {
        case (nil, nil): break
        case (let count?, nil):
            let count = self.values.integer(count, what: "'dead' of \(what)", in: 0...1_000_000)
            example.letters = .count(count ?? 0)
        case (nil, let reasons?): example.letters = .reasons(self.reasons(reasons, what: what))
        case (.some, let reasons?):
            self.values.fail(
                reasons.place,
                "\(what) has both 'dead' and 'dead_letters'",
                hint: "'dead_letters' says how many there are"
            )
        }
        return example
    }

    private mutating func input(_ value: YAMLValue, what: String) -> [String] {
        let hint = "write 'input: [ { … }, { … } ]'"
        guard let list = self.values.list(value, what: "'input' of \(what)", hint: hint) else { return [] }
        return list.compactMap { event in
            guard let value = self.json(event) else { return nil }
            switch value {
            case .object: return value.json
            case .string(let text) where text.isEmpty || text.contains(where: \.isNewline):
                self.values.fail(event.place, "an event of 'input' is one line, and not empty")
                return nil
            case .string(let text): return text
            case .null, .bool, .number, .array:
                self.values.wrongType(
                    event,
                    what: "an event of 'input'",
                    wanted: "a map of fields, or the text of a line",
                    hint: "such as { delay: 61 } or '{\"delay\":61}'"
                )
                return nil
            }
        }
    }

    private mutating func expectations(
        _ value: YAMLValue,
        _ sink: YAMLValue?,
        what: String
    ) -> [PipelineExample.Expectation] {
        let sinks = self.file.description.sinks.map(\.name)
        if case .map(let entries) = value.content {
            if let sink {
                self.values.fail(sink.place, "'expect' of \(what) names its sinks itself", hint: "leave 'sink' out")
            }
            return entries.compactMap { entry in
                guard sinks.isEmpty || sinks.contains(entry.key) else {
                    self.values.unknown(entry, what: "'expect' of \(what), which is no sink", known: sinks)
                    return nil
                }
                return self.expectation(entry.value, sink: entry.key, what: what)
            }
        }
        var name = sinks.first
        if let sink {
            guard let word = self.values.choice(sink, what: "'sink' of \(what)", of: sinks) else { return [] }
            name = word
        } else if sinks.count > 1 {
            self.values.fail(
                value.place,
                "'expect' of \(what) does not say of which sink",
                hint: "add 'sink: \(sinks[0])', or write 'expect: { \(sinks[0]): [ … ] }'"
            )
            return []
        }
        return [self.expectation(value, sink: name ?? "", what: what)].compactMap { $0 }
    }

    private mutating func expectation(
        _ value: YAMLValue,
        sink: String,
        what: String
    ) -> PipelineExample.Expectation? {
        let hint = "write 'expect: [ { … }, { … } ]'"
        guard let list = self.values.list(value, what: "'expect' of \(what)", hint: hint) else { return nil }
        let events = list.compactMap { event in self.json(event).map { (value: $0, place: event.place) } }
        return PipelineExample.Expectation(sink: sink, events: events, place: value.place)
    }

    private mutating func reasons(_ value: YAMLValue, what: String) -> [String] {
        let hint = "write 'dead_letters: [part of a reason]'"
        guard let list = self.values.list(value, what: "'dead_letters' of \(what)", hint: hint) else { return [] }
        return list.compactMap { self.values.text($0, what: "a reason of 'dead_letters'") }
    }

    /// A value of YAML as JSON has it.
    private mutating func json(_ value: YAMLValue) -> JSONValue? {
        guard self.values.checkTag(of: value) else { return nil }
        switch value.content {
        case .list(let list): return .array(list.compactMap { self.json($0) })
        case .map(let entries):
            return .object(entries.compactMap { entry in self.json(entry.value).map { (entry.key, $0) } })
        case .scalar(let scalar):
            switch scalar.meaning {
            case .null: return .null
            case .boolean: return .bool(scalar.text.lowercased() == "true")
            case .text: return .string(scalar.text)
            case .number:
                if JSONValue.isNumber(scalar.text) { return .number(scalar.text) }
                if let integer = Int(scalar.text) { return .number(String(integer)) }
                guard let double = Double(scalar.text), double.isFinite else {
                    self.values.fail(value.place, "JSON has no number '\(shown(scalar.text))'", hint: "quote a text")
                    return nil
                }
                return .number("\(double)")
            }
        }
    }
}

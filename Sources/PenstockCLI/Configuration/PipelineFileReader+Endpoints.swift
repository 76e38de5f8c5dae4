//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// Sources and sinks.
extension PipelineFileReader {
    mutating func readSources(_ value: YAMLValue) {
        let example = "in: { type: file, path: events.ndjson }"
        guard let entries = self.values.entries(of: value, what: "'sources'", example: example) else { return }
        if entries.isEmpty {
            self.values.fail(value.place, "'sources' is empty", hint: "write '\(example)'")
        }
        for entry in entries {
            self.checkName(entry.key, what: "the source's name", at: entry.place)
            if let kind = self.source(entry.value, name: entry.key) {
                self.file.description.sources.append(NamedSource(name: entry.key, kind: kind))
            }
        }
        self.refuseSecondStandardInput(entries)
    }

    mutating func readSinks(_ value: YAMLValue) {
        let example = "out: { type: stdout }"
        guard let entries = self.values.entries(of: value, what: "'sinks'", example: example) else { return }
        if entries.isEmpty {
            self.values.fail(value.place, "'sinks' is empty", hint: "write '\(example)'")
        }
        for entry in entries {
            self.checkName(entry.key, what: "the sink's name", at: entry.place)
            if let kind = self.sink(entry.value, role: .sink(entry.key)) {
                if kind == .stdout { self.refuseSecondStandardOutput(entry.value.place, what: "sink '\(entry.key)'") }
                self.file.description.sinks.append(NamedSink(name: entry.key, kind: kind))
            }
        }
    }

    mutating func readDeadLetter(_ value: YAMLValue) {
        guard let kind = self.sink(value, role: .deadLetter) else { return }
        if kind == .stdout { self.refuseSecondStandardOutput(value.place, what: "'dead_letter'") }
        self.file.description.deadLetter = kind
    }

    // MARK: - Private

    /// The `type` of a source or sink; nil, and noted, when there is none that runs.
    private mutating func type(of value: YAMLValue, what: String, running: [String], planned: [String]) -> String? {
        let example = "{ type: \(running[0]), … }"
        guard let entries = self.values.entries(of: value, what: what, example: "type: \(running[0])") else {
            return nil
        }
        guard let type = entries.first(where: { $0.key == "type" })?.value else {
            var hint = "write \(example); types: \(running.joined(separator: ", "))"
            if let near = entries.first(where: { Suggestion.nearest(to: $0.key, among: ["type"]) != nil }) {
                hint = "did you mean 'type' by '\(shown(near.key))'? types: \(running.joined(separator: ", "))"
            }
            self.values.fail(value.place, "\(what) has no 'type'", hint: hint)
            return nil
        }
        guard let word = self.values.text(type, what: "'type' of \(what)") else { return nil }
        if running.contains(word) { return word }
        let types = "types: \(running.joined(separator: ", "))"
        if planned.contains(word) {
            self.values.unavailable(type.place, "type '\(word)' of \(what)", hint: types)
            return nil
        }
        let nearest = Suggestion.nearest(to: word, among: running).map { "did you mean '\($0)'? " } ?? ""
        self.values.fail(type.place, "\(what) has the unknown type '\(shown(word))'", hint: "\(nearest)\(types)")
        return nil
    }

    private mutating func source(_ value: YAMLValue, name: String) -> SourceDescription? {
        let what = "source '\(shown(name))'"
        let running = ["file", "stdin", "generate"]
        guard let type = self.type(of: value, what: what, running: running, planned: ["http", "nats", "sqlite"]) else {
            return nil
        }
        switch type {
        case "file": return self.fileSource(value, what: what, name: name)
        case "stdin":
            _ = self.values.fields(of: value, what: "\(what) of type stdin", known: ["type"])
            return .stdin
        default: return self.generator(value, what: what)
        }
    }

    private mutating func fileSource(_ value: YAMLValue, what: String, name: String) -> SourceDescription? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type file",
                known: ["type", "path", "repeat"],
                required: ["path": "'path: events.ndjson'"]
            )
        else { return nil }
        var times = 1
        if let value = fields["repeat"] {
            times = self.values.integer(value, what: "'repeat' of \(what)", in: 1...1_000_000_000) ?? 1
        }
        guard let place = fields["path"], let path = self.values.text(place, what: "'path' of \(what)") else {
            return nil
        }
        self.file.paths.append(.init(role: .source(name), path: path, place: place.place))
        return .file(path: path, repeat: times)
    }

    private mutating func generator(_ value: YAMLValue, what: String) -> SourceDescription? {
        let known = ["type", "rate", "count"]
        guard let fields = self.values.fields(of: value, what: "\(what) of type generate", known: known) else {
            return nil
        }
        let rate = fields["rate"].flatMap {
            self.values.quantity($0, what: "'rate' of \(what)", example: "500/s or 1M/s", Quantity.eventsPerSecond)
        }
        let count = fields["count"].flatMap {
            self.values.integer($0, what: "'count' of \(what)", in: 1...1_000_000_000_000_000)
        }
        return .generate(rate: rate, count: count)
    }

    private mutating func sink(_ value: YAMLValue, role: PipelineFile.Role) -> SinkDescription? {
        let what = role == .deadLetter ? "'dead_letter'" : role.name
        let planned = ["sqlite", "http", "nats", "postgres"]
        guard let type = self.type(of: value, what: what, running: ["file", "stdout"], planned: planned) else {
            return nil
        }
        if type == "stdout" {
            _ = self.values.fields(of: value, what: "\(what) of type stdout", known: ["type"])
            return .stdout
        }
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type file",
                known: ["type", "path"],
                required: ["path": "'path: out.ndjson'"]
            ), let place = fields["path"], let path = self.values.text(place, what: "'path' of \(what)")
        else { return nil }
        self.file.paths.append(.init(role: role, path: path, place: place.place))
        return .file(path: path)
    }

    private mutating func refuseSecondStandardInput(_ entries: [YAMLValue.Entry]) {
        let readers = Set(self.file.description.sources.filter { $0.kind == .stdin }.dropFirst().map(\.name))
        for entry in entries where readers.contains(entry.key) {
            self.values.fail(
                entry.value.place,
                "source '\(shown(entry.key))' reads the standard input, which another source reads already",
                hint: "keep one source of type stdin"
            )
        }
    }

    /// Refuses a second part that writes to stdout.
    ///
    /// The order of the file does not matter: `sinks` are read first.
    private mutating func refuseSecondStandardOutput(_ place: Place, what: String) {
        guard self.file.description.sinks.contains(where: { $0.kind == .stdout }) else { return }
        self.values.fail(
            place,
            "\(what) writes to the standard output, which a sink writes to already",
            hint: "use type file for one of them"
        )
    }
}

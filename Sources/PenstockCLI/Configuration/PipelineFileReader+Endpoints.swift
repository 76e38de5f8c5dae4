//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// Sources, and the type of sources and sinks.
extension PipelineFileReader {
    /// The types of sources that run.
    static let sourceTypes = ["file", "stdin", "generate", "tcp"] + TraitTypes.builtSources

    mutating func readSources(_ value: YAMLValue) {
        let example = "in: { type: file, path: events.ndjson }"
        guard let entries = self.values.entries(of: value, what: "'sources'", example: example) else { return }
        if entries.isEmpty {
            self.values.fail(value.place, "'sources' is empty", hint: "write '\(example)'")
        }
        for entry in entries {
            self.checkName(entry.key, what: "the source's name", at: entry.place)
            self.file.partPlaces[.source(entry.key)] = entry.value.place
            if let kind = self.source(entry.value, name: entry.key) {
                self.file.description.sources.append(NamedSource(name: entry.key, kind: kind))
            }
        }
        self.refuseSecondStandardInput(entries)
    }

    // MARK: - Private

    /// The `type` of a source or sink; nil, and noted, when there is none that runs.
    mutating func type(of value: YAMLValue, what: String, running: [String], planned: [String]) -> String? {
        let example = "{ type: \(running[0]), … }"
        guard let entries = self.values.entries(of: value, what: what, example: "type: \(running[0])") else {
            return nil
        }
        guard let type = entries.first(where: { $0.key == "type" })?.value else {
            var hint = "write \(example); types: \(running.joined(separator: ", "))"
            if let merge = entries.first(where: { $0.key == "<<" }) {
                self.values.unknown(merge, what: what, known: [])
                return nil
            }
            if let near = entries.first(where: { Suggestion.nearest(to: $0.key, among: ["type"]) != nil }) {
                hint = "did you mean 'type' by '\(shown(near.key))'? types: \(running.joined(separator: ", "))"
            }
            self.values.fail(value.place, "\(what) has no 'type'", hint: hint)
            return nil
        }
        // The sink is called what YAML calls nothing.
        let isNull = running.contains("null") && type.isNull && !type.isEmpty
        guard let word = isNull ? "null" : self.values.text(type, what: "'type' of \(what)") else { return nil }
        if running.contains(word) { return word }
        let types = "types: \(running.joined(separator: ", "))"
        if !planned.contains(word), let trait = TraitTypes.sources[word] ?? TraitTypes.sinks[word] {
            self.values.fail(
                type.place,
                "type '\(word)' of \(what) needs a penstock built with the trait \(trait)",
                hint: types
            )
            return nil
        }
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
        guard
            let type = self.type(of: value, what: what, running: Self.sourceTypes, planned: ["nats", "sqlite"])
        else {
            return nil
        }
        switch type {
        case "file": return self.fileSource(value, what: what, name: name)
        case "stdin":
            _ = self.values.fields(of: value, what: "\(what) of type stdin", known: ["type"])
            return .stdin
        case "tcp": return self.tcpSource(value, what: what, name: name)
        #if Server
        case "http": return self.httpSource(value, what: what, name: name)
        #endif
        default: return self.generator(value, what: what)
        }
    }

    private mutating func fileSource(_ value: YAMLValue, what: String, name: String) -> SourceDescription? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type file",
                known: Self.fileSourceKeys,
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
        let isFollowed = self.isFollowed(fields, what: what)
        self.file.paths.append(
            .init(role: .source(name), path: path, place: place.place, mayBeMissing: isFollowed)
        )
        if isFollowed { return self.tail(fields, path: path, what: what, name: name) }
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
}

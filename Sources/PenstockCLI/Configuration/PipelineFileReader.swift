//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// Makes a pipeline's description from the values of a pipeline file.
struct PipelineFileReader {
    static let keys = [
        "pipeline", "sources", "decode", "queue", "workers", "order", "steps", "sinks", "dead_letter", "admin",
        "shutdown", "tests",
    ]

    let source: SourceText
    var values = ValueReader()
    /// What is known of the fields of events behind the steps that were read so far.
    var known = KnownFields(.json)
    var file = PipelineFile(description: PipelineDescription(name: "", sources: [], sinks: []))

    init(source: SourceText) {
        self.source = source
    }

    /// Reads the whole file; what is wrong is in ``values``.
    mutating func read(_ root: YAMLValue) -> PipelineFile? {
        let required = [
            "pipeline": "'pipeline: NAME' at the top",
            "sources": "'sources:' and below it '  in: { type: file, path: events.ndjson }'",
            "sinks": "'sinks:' and below it '  out: { type: stdout }'",
        ]
        guard
            let fields = self.values.fields(of: root, what: "the pipeline file", known: Self.keys, required: required)
        else { return nil }
        if let value = fields["pipeline"] { self.readName(value) }
        if let value = fields["sources"] { self.readSources(value) }
        if let value = fields["decode"] { self.readDecode(value) }
        if let value = fields["queue"] { self.readQueue(value) }
        if let value = fields["workers"] { self.readWorkers(value) }
        if let value = fields["order"] { self.readOrder(value) }
        if let value = fields["steps"] { self.readSteps(value) }
        if let value = fields["sinks"] { self.readSinks(value) }
        if let value = fields["dead_letter"] { self.readDeadLetter(value) }
        if let value = fields["admin"] { self.readAdmin(value) }
        if let value = fields["shutdown"] { self.readShutdown(value) }
        if let value = fields["tests"] { self.readTests(value) }
        self.refuseDurableWithoutStore()
        return self.file
    }

    /// Notes a name that has other characters than letters, digits, `-` and `_`.
    mutating func checkName(_ name: String, what: String, at place: Place) {
        let allowed = { (scalar: Unicode.Scalar) in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-_".unicodeScalars.contains(scalar))
        }
        if name.isEmpty || name.utf8.count > 100 {
            self.values.fail(place, "\(what) must have 1 to 100 characters", hint: "letters, digits, - and _")
        } else if let bad = name.unicodeScalars.first(where: { !allowed($0) }) {
            let fixed = String(String.UnicodeScalarView(name.unicodeScalars.map { allowed($0) ? $0 : "-" }))
            self.values.fail(
                place,
                "\(what) '\(shown(name))' has '\(shown(String(bad)))' in it",
                hint: "letters, digits, - and _: '\(shown(fixed))'"
            )
        }
    }

    // MARK: - Private

    private mutating func readName(_ value: YAMLValue) {
        // A name may be a number, which is text here.
        if case .scalar(let scalar) = value.content, scalar.meaning == .number, value.tag == nil {
            self.checkName(scalar.text, what: "the pipeline's name", at: value.place)
            self.file.description.name = scalar.text
        } else if let name = self.values.text(value, what: "'pipeline'") {
            self.checkName(name, what: "the pipeline's name", at: value.place)
            self.file.description.name = name
        }
    }

    private mutating func readDecode(_ value: YAMLValue) {
        let words = DecodeFormat.allCases.map(\.rawValue)
        guard let word = self.values.choice(value, what: "'decode'", of: words) else { return }
        self.file.description.decode = DecodeFormat(rawValue: word) ?? .json
        self.known = KnownFields(self.file.description.decode)
    }

    private mutating func readWorkers(_ value: YAMLValue) {
        self.file.workersPlace = value.place
        if case .scalar(let scalar) = value.content, scalar.text == "auto", value.tag == nil { return }
        if case .scalar(let scalar) = value.content, scalar.meaning == .text, value.tag == nil {
            self.values.fail(
                value.place,
                "'workers' cannot be '\(shown(scalar.text))'",
                hint: "auto, or a whole number from 1 to \(grouped(WorkerCount.range.upperBound))"
            )
            return
        }
        self.file.description.workers = self.values.integer(value, what: "'workers'", in: WorkerCount.range)
    }

    private mutating func readOrder(_ value: YAMLValue) {
        if case .map = value.content {
            guard
                let fields = self.values.fields(
                    of: value,
                    what: "'order'",
                    known: ["key"],
                    required: ["key": "{ key: FIELD }"]
                )
            else { return }
            if let key = fields["key"], self.values.text(key, what: "'order.key'") != nil {
                self.values.unavailable(value.place, "'order' by key", hint: "write 'order: none'")
            }
        } else {
            _ = self.values.choice(value, what: "'order'", of: ["none"])
        }
    }

    private mutating func readShutdown(_ value: YAMLValue) {
        guard let fields = self.values.fields(of: value, what: "'shutdown'", known: ["delay", "drain"]) else { return }
        if let value = fields["delay"],
            let delay = self.values.quantity(value, what: "'shutdown.delay'", example: "0s", Quantity.duration)
        {
            self.file.description.shutdown.delay = delay
        }
        if let value = fields["drain"],
            let drain = self.values.quantity(value, what: "'shutdown.drain'", example: "30s", Quantity.duration)
        {
            self.file.description.shutdown.drain = drain
        }
    }
}

/// How many workers a pipeline may have.
enum WorkerCount {
    /// More threads than this help on no machine.
    static let range = 1...1024
}

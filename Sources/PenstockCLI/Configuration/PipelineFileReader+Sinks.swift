//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

#if Server
import PenstockSQLite
#endif

// Sinks and their options.
extension PipelineFileReader {
    /// The types of sinks that run.
    static let sinkTypes = ["file", "stdout", "null"] + TraitTypes.builtSinks
    /// The types of sinks that are to come.
    private static let plannedSinkTypes = ["nats"]
    /// How events get to a sink.
    private static let laneKeys = ["when", "when_full", "queue", "batch", "retry"]
    /// How a file is written.
    private static let fileKeys = ["mode", "rotate", "fsync"]

    mutating func readSinks(_ value: YAMLValue) {
        let example = "out: { type: stdout }"
        guard let entries = self.values.entries(of: value, what: "'sinks'", example: example) else { return }
        if entries.isEmpty {
            self.values.fail(value.place, "'sinks' is empty", hint: "write '\(example)'")
        }
        if entries.count > PipelineDescription.sinksMax {
            self.values.fail(
                entries[PipelineDescription.sinksMax].place,
                "'sinks' holds \(grouped(entries.count)) sinks, and a pipeline has at most \(PipelineDescription.sinksMax)",
                hint: "put the others into a pipeline of their own"
            )
        }
        for entry in entries {
            self.checkName(entry.key, what: "the sink's name", at: entry.place)
            self.file.partPlaces[.sink(entry.key)] = entry.value.place
            if let (kind, options) = self.sink(entry.value, role: .sink(entry.key)) {
                if kind == .stdout { self.refuseSecondStandardOutput(entry.value.place, what: "sink '\(entry.key)'") }
                self.file.description.sinks.append(NamedSink(name: entry.key, kind: kind, options: options))
            }
        }
    }

    mutating func readDeadLetter(_ value: YAMLValue) {
        self.file.partPlaces[.deadLetter] = value.place
        guard let (kind, options) = self.sink(value, role: .deadLetter) else { return }
        if kind == .stdout { self.refuseSecondStandardOutput(value.place, what: "'dead_letter'") }
        self.file.description.deadLetter = kind
        self.file.description.deadLetterRetry = options.retry
    }

    // MARK: - Private

    private mutating func sink(
        _ value: YAMLValue,
        role: PipelineFile.Role
    ) -> (kind: SinkDescription, options: SinkOptions)? {
        let what = role == .deadLetter ? "'dead_letter'" : role.name
        let planned = Self.plannedSinkTypes
        guard let type = self.type(of: value, what: what, running: Self.sinkTypes, planned: planned) else {
            return nil
        }
        let typed = "\(what) of type \(type)"
        let laneKeys = role == .deadLetter ? ["retry"] : Self.laneKeys
        switch type {
        case "stdout":
            guard let fields = self.values.fields(of: value, what: typed, known: ["type"] + laneKeys) else {
                return nil
            }
            return (.stdout, self.options(fields, what: what))
        case "null":
            let known = role == .deadLetter ? ["type"] : ["type", "when"]
            guard let fields = self.values.fields(of: value, what: typed, known: known) else { return nil }
            return (.null, self.options(fields, what: what))
        #if Server
        case "http": return self.httpSink(value, what: what, laneKeys: laneKeys)
        case "sqlite": return self.sqliteSink(value, what: typed, role: role, laneKeys: laneKeys)
        #endif
        #if Postgres
        case "postgres": return self.postgresSink(value, what: what, laneKeys: laneKeys)
        #endif
        default:
            guard
                let fields = self.values.fields(
                    of: value,
                    what: typed,
                    known: ["type", "path"] + Self.fileKeys + laneKeys,
                    required: ["path": "'path: out.ndjson'"]
                )
            else { return nil }
            let file = self.fileOptions(fields, what: what, from: role == .deadLetter ? .letters : FileOptions())
            let options = self.options(fields, what: what)
            guard let place = fields["path"], let path = self.values.text(place, what: "'path' of \(what)") else {
                return nil
            }
            self.file.paths.append(.init(role: role, path: path, place: place.place))
            return (.file(path: path, options: file), options)
        }
    }

    #if Server
    /// The path of a SQLite database that is a file.
    mutating func databasePath(_ value: YAMLValue, what: String) -> String? {
        guard let path = self.values.text(value, what: what) else { return nil }
        guard let problem = DatabasePath.problem(of: path) else { return path }
        let hint = path.isEmpty ? "a path such as 'events.db'" : "write './\(shown(path))' for a file of that name"
        self.values.fail(value.place, "\(what) cannot be '\(shown(path))': \(problem)", hint: hint)
        return nil
    }

    private mutating func sqliteSink(
        _ value: YAMLValue,
        what: String,
        role: PipelineFile.Role,
        laneKeys: [String]
    ) -> (kind: SinkDescription, options: SinkOptions)? {
        guard
            let fields = self.values.fields(
                of: value,
                what: what,
                known: ["type", "path", "table"] + laneKeys,
                required: ["path": "'path: out.db'"]
            )
        else { return nil }
        let options = self.options(fields, what: what)
        var table = role == .deadLetter ? "dead_letters" : "events"
        if let value = fields["table"], let name = self.values.text(value, what: "'table' of \(what)") {
            self.checkName(name, what: "'table' of \(what)", at: value.place)
            table = name
        }
        guard let place = fields["path"], let path = self.databasePath(place, what: "'path' of \(what)") else {
            return nil
        }
        self.file.paths.append(.init(role: role, path: path, place: place.place))
        return (.own(OwnSink(SQLiteWriter(path: path, table: table))), options)
    }
    #endif

    private mutating func fileOptions(
        _ fields: [String: YAMLValue],
        what: String,
        from defaults: FileOptions
    ) -> FileOptions {
        var options = defaults
        if let value = fields["mode"] {
            let words = FileOptions.Mode.allCases.map(\.rawValue)
            let word = self.values.choice(value, what: "'mode' of \(what)", of: words)
            options.mode = word.flatMap(FileOptions.Mode.init) ?? options.mode
        }
        if let value = fields["fsync"] {
            let words = FileOptions.Sync.allCases.map(\.rawValue)
            let word = self.values.choice(value, what: "'fsync' of \(what)", of: words)
            options.sync = word.flatMap(FileOptions.Sync.init) ?? options.sync
        }
        if let value = fields["rotate"] { options.rotation = self.rotation(value, what: what) }
        return options
    }

    private mutating func rotation(_ value: YAMLValue, what: String) -> FileOptions.Rotation? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "'rotate' of \(what)",
                known: ["size", "keep"],
                required: ["size": "'size: 64MiB'"]
            )
        else { return nil }
        let keep = fields["keep"].flatMap {
            self.values.integer($0, what: "'rotate.keep' of \(what)", in: 1...10_000)
        }
        guard let size = fields["size"], let bytes = self.size(size, what: "'rotate.size' of \(what)") else {
            return nil
        }
        return FileOptions.Rotation(bytesMax: bytes, keep: keep ?? 5)
    }

    /// A size that is more than nothing.
    mutating func size(_ value: YAMLValue, what: String) -> Int? {
        guard let bytes = self.values.quantity(value, what: what, example: "64MiB", Quantity.bytes) else { return nil }
        guard bytes > 0 else {
            self.values.fail(value.place, "\(what) must not be 0", hint: "a size such as 64MiB")
            return nil
        }
        return bytes
    }

    mutating func options(_ fields: [String: YAMLValue], what: String) -> SinkOptions {
        var options = SinkOptions()
        if let value = fields["when"] { options.when = self.condition(value, what: what) }
        if let value = fields["when_full"] {
            let words = SinkOptions.WhenFull.allCases.map(\.rawValue)
            let word = self.values.choice(value, what: "'when_full' of \(what)", of: words)
            options.whenFull = word.flatMap(SinkOptions.WhenFull.init)
        }
        if let value = fields["queue"] { self.readLane(value, what: what, &options) }
        if let value = fields["batch"] { self.readBatch(value, what: what, &options) }
        if let value = fields["retry"] { self.readRetry(value, what: what, &options) }
        return options
    }

    private mutating func condition(_ value: YAMLValue, what: String) -> String? {
        if !self.known.areObjects {
            let entry = YAMLValue.Entry(key: "when", place: value.place, value: value)
            self.refuseDecode(entry, what: "'when' of \(what) reads fields")
        }
        return self.expression(value, what: "'when' of \(what)", named: "in 'when' of \(what)")
    }

    private mutating func readLane(_ value: YAMLValue, what: String, _ options: inout SinkOptions) {
        let known = ["events", "bytes"]
        guard let fields = self.values.fields(of: value, what: "'queue' of \(what)", known: known) else { return }
        if let value = fields["events"],
            let events = self.values.integer(value, what: "'queue.events' of \(what)", in: 1...100_000_000)
        {
            options.queueEventsMax = events
        }
        if let value = fields["bytes"], let bytes = self.size(value, what: "'queue.bytes' of \(what)") {
            options.queueBytesMax = bytes
        }
    }

    private mutating func readBatch(_ value: YAMLValue, what: String, _ options: inout SinkOptions) {
        let known = ["events", "bytes", "linger"]
        guard let fields = self.values.fields(of: value, what: "'batch' of \(what)", known: known) else { return }
        if let value = fields["events"],
            let events = self.values.integer(value, what: "'batch.events' of \(what)", in: 1...1_000_000)
        {
            options.batchEventsMax = events
        }
        if let value = fields["bytes"], let bytes = self.size(value, what: "'batch.bytes' of \(what)") {
            options.batchBytesMax = bytes
        }
        if let value = fields["linger"],
            let linger = self.values.quantity(
                value,
                what: "'batch.linger' of \(what)",
                example: "100ms",
                Quantity.duration
            )
        {
            options.linger = linger
        }
    }

    private mutating func readRetry(_ value: YAMLValue, what: String, _ options: inout SinkOptions) {
        let known = ["attempts", "initial", "max"]
        guard let fields = self.values.fields(of: value, what: "'retry' of \(what)", known: known) else { return }
        if let value = fields["attempts"],
            let attempts = self.values.integer(value, what: "'retry.attempts' of \(what)", in: 1...1_000_000_000)
        {
            options.retry.attemptsMax = attempts
        }
        if let value = fields["initial"],
            let initial = self.values.quantity(
                value,
                what: "'retry.initial' of \(what)",
                example: "100ms",
                Quantity.duration
            )
        {
            options.retry.backoffInitial = initial
        }
        if let value = fields["max"],
            let longest = self.values.quantity(value, what: "'retry.max' of \(what)", example: "10s", Quantity.duration)
        {
            options.retry.backoffMax = longest
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

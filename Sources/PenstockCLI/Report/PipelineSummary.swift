//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// What `check` says about a pipeline file that can be run.
struct PipelineSummary {
    /// One part of a pipeline.
    struct Part {
        /// What it is.
        var name: String
        /// What it says.
        var text: String
        /// More of it, for a line of its own.
        var detail: String?
    }

    /// The parts, in the order in which events pass them: what each is, and what it says.
    let parts: [Part]
    let memory: MemoryEstimate
    let description: PipelineDescription
    private let testCount: Int

    private let diskBytes: Int?

    init(_ file: PipelineFile) {
        let description = file.description
        self.description = description
        self.testCount = file.tests.count
        self.memory = MemoryEstimate(description, isWatched: file.isWatched)
        self.diskBytes = file.diskBytes
        var parts = [Part(name: "pipeline", text: description.name)]
        parts += description.sources.map { Part(name: "source", text: "\($0.name): \(Self.text($0.kind))") }
        parts.append(Part(name: "decode", text: Self.text(description.decode)))
        parts += description.steps.map { Part(name: "step", text: Self.text($0)) }
        parts += description.sinks.map { sink in
            let text = "\(sink.name): \(Self.text(sink.kind))"
            return Part(name: "sink", text: text, detail: Self.options(of: sink, in: description))
        }
        let letters = description.deadLetter.map(Self.text)
        let noLetters = "none: events that cannot be handled are dropped and counted"
        parts.append(Part(name: "dead letters", text: letters ?? noLetters))
        let auto = "auto, one a core: \(ProcessorCount.available())"
        parts.append(Part(name: "workers", text: description.workers.map(grouped) ?? auto))
        let queue = description.queue
        let limits = "\(grouped(queue.events)) events, \(Self.binary(queue.bytes))"
        if case .durable(let own, let options) = queue.store {
            let text = "durable, in \(own.store.name); at most \(Self.binary(options.bytesMax)) of events"
            parts.append(Part(name: "queue", text: text, detail: "\(Self.text(options.whenFull)); in memory \(limits)"))
        } else {
            parts.append(Part(name: "queue", text: "\(limits); \(Self.text(queue.whenFull))"))
        }
        if let admin = file.adminText { parts.append(Part(name: "admin", text: admin)) }
        let shutdown = description.shutdown
        let times = "delay \(shown(shutdown.delay)), drain within \(shown(shutdown.drain))"
        parts.append(Part(name: "shutdown", text: times))
        self.parts = parts
    }

    /// The summary as aligned lines, the last one ended too.
    func text() -> String {
        var lines = self.parts
        lines.append(Part(name: "memory", text: self.memory.text))
        if let diskBytes = self.diskBytes {
            let text = "at most about \(shown(bytes: diskBytes)) for the queue: rows, log and reserve"
            lines.append(Part(name: "disk", text: text))
        }
        lines.append(contentsOf: self.delivery.map { Part(name: "delivery", text: $0) })
        if self.testCount > 0 {
            let examples = self.testCount == 1 ? "1 example" : "\(grouped(self.testCount)) examples"
            let text = "\(examples); 'penstock test' runs them"
            lines.append(Part(name: "tests", text: text))
        }
        return lines.map { part in
            let line = part.name + String(repeating: " ", count: max(1, 14 - part.name.count)) + part.text + "\n"
            return line + (part.detail.map { String(repeating: " ", count: 14) + $0 + "\n" } ?? "")
        }.joined()
    }

    /// The summary as one JSON object.
    func json(path: String) -> String {
        JSONText.object([
            ("file", JSONText.string(path)),
            ("ok", "true"),
            ("pipeline", JSONText.string(self.description.name)),
            (
                "parts",
                JSONText.list(
                    self.parts.dropFirst().map { part in
                        JSONText.object([
                            ("part", JSONText.string(part.name)),
                            ("text", JSONText.string(part.detail.map { "\(part.text); \($0)" } ?? part.text)),
                        ])
                    }
                )
            ),
            ("workers", self.description.workers.map(String.init) ?? "null"),
            ("memory_max_bytes", String(self.memory.total)),
            ("disk_max_bytes", self.diskBytes.map(String.init) ?? "null"),
            ("delivery", JSONText.string(self.delivery.joined(separator: "\n"))),
            ("tests", String(self.testCount)),
            ("errors", "[]"),
        ])
    }

    /// What is wrong with a file, as one JSON object.
    static func json(path: String, errors: [Diagnostic]) -> String {
        let list = errors.map { error in
            JSONText.object([
                ("line", error.place.map { String($0.line) } ?? "null"),
                ("column", error.place.map { String($0.column) } ?? "null"),
                ("message", JSONText.string(error.message)),
                ("hint", JSONText.string(error.hint)),
            ])
        }
        return JSONText.object([
            ("file", JSONText.string(path)), ("ok", "false"), ("errors", JSONText.list(list)),
        ])
    }

    // MARK: - Private

    private static func text(_ whenFull: QueueDescription.WhenFull) -> String {
        switch whenFull {
        case .wait: "sources wait when it is full"
        case .reject: "events are refused and counted when it is full"
        case .dropNewest: "events are dropped and counted when it is full"
        case .dropOldest: "those that waited longest are dropped and counted when it is full"
        }
    }

    private static func text(_ whenFull: DurableQueueOptions.WhenFull) -> String {
        switch whenFull {
        case .wait: "sources wait when it or its disk is full"
        case .reject: "events are refused when it or its disk is full"
        case .dropNewest: "events are dropped and counted when it or its disk is full"
        }
    }

    static func text(_ source: SourceDescription) -> String {
        switch source {
        case .file(let path, let times):
            return times == 1 ? "file \(shown(path))" : "file \(shown(path)), \(grouped(times)) times"
        case .stdin: return "standard input"
        case .own(let own): return Self.text(own: own.source)
        case .generate(let rate, let count):
            let amount = count.map { "\(grouped($0)) events" } ?? "events without end"
            let pace = rate.map { "\(grouped(Int($0.rounded()))) a second" } ?? "as fast as they are taken"
            return "generate \(amount), \(pace)"
        }
    }

    static func text(_ sink: SinkDescription) -> String {
        switch sink {
        case .stdout: "standard output"
        case .file(let path, let options): "file \(shown(path)), \(Self.text(options))"
        case .null: "nowhere: events are counted and let go"
        case .own(let own): Self.text(own: own.sink)
        }
    }

    /// Which events get to a sink, and what happens to those that do not.
    private static func options(of sink: NamedSink, in description: PipelineDescription) -> String {
        let options = sink.options
        var parts = [options.when.map { "when \(shown($0))" } ?? "takes everything"]
        if sink.kind == .null { return parts.joined() }
        switch sink.whenFull(isOnly: description.sinks.count == 1) {
        case .wait where description.sinks.count == 1: parts.append("when it is full, sources wait")
        case .wait: parts.append("when it is full, sources and the other sinks wait")
        case .drop: parts.append("when it is full, events are dropped and counted")
        case .deadLetter where description.deadLetter == nil:
            parts.append("when it is full, events are dropped and counted, for want of a dead_letter")
        case .deadLetter: parts.append("when it is full, events become dead letters")
        }
        let attempts = options.retry.attemptsMax
        parts.append(attempts == 1 ? "no retries" : "\(grouped(attempts)) attempts")
        if case .file(let path, _) = sink.kind, (try? FileStatus(path: path))?.kind == .pipe {
            // To find out whether somebody reads it would be to open it, and its reader would take that for the run.
            parts.append("a pipe, which somebody has to read when the run starts")
        }
        if options.concurrency > 1 { parts.append("\(grouped(options.concurrency)) writes at a time, in no order") }
        return parts.joined(separator: "; ")
    }

    static func text(_ options: FileOptions) -> String {
        var parts: [String] = []
        switch options.mode {
        case .truncate: parts.append("emptied at the start")
        case .append: parts.append("appended to")
        }
        if let rotation = options.rotation {
            parts.append("put aside at \(Self.binary(rotation.bytesMax)), \(grouped(rotation.keep)) kept")
        }
        switch options.sync {
        case .never: break
        case .batch: parts.append("each batch synchronised")
        case .interval: parts.append("synchronised once a second")
        }
        return parts.joined(separator: ", ")
    }

    static func text(_ decode: DecodeFormat) -> String {
        switch decode {
        case .json: "json: an event is a line that holds one JSON object"
        case .lines: "lines: an event is a line without its LF or CRLF"
        case .raw: "raw: an event is a line without its LF"
        }
    }

    static func text(_ step: StepDescription) -> String {
        switch step {
        case .filter(let expression): return "filter \(shown(expression))"
        case .own: return "a step of its own"
        case .select(let paths): return "select \(paths.map(shown).joined(separator: ", "))"
        case .rename(let pairs):
            return "rename \(pairs.map { "\(shown($0.old)) to \(shown($0.new))" }.joined(separator: ", "))"
        case .parse(let what):
            let form =
                switch what.form {
                case .apacheCombined: "Apache's combined log format"
                case .pattern(let text): "the pattern \(shown(text))"
                }
            let subject = what.field.map { "the field \(shown($0))" } ?? "each line"
            return "parse \(subject) by \(form)"
        case .aggregate(let aggregate):
            var results: [String] = []
            if let count = aggregate.count { results.append("count as \(shown(count))") }
            for (verb, columns) in [("sum", aggregate.sum), ("min", aggregate.min), ("max", aggregate.max)] {
                results += columns.map { "\(verb) of \(shown($0.field)) as \(shown($0.name))" }
            }
            let groups = aggregate.by.isEmpty ? "all events" : "by \(aggregate.by.map(shown).joined(separator: ", "))"
            return "aggregate \(groups) every \(shown(aggregate.every)): \(results.joined(separator: ", "))"
        }
    }

    static func binary(_ bytes: Int) -> String {
        bytes.isMultiple(of: 1 << 20) ? "\(grouped(bytes >> 20)) MiB" : shown(bytes: bytes)
    }
}

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

/// Runs an example through the decoding, the steps and the conditions of a pipeline, and says what is not as expected.
///
/// Nothing is read or written: a source in memory takes the place of the pipeline's, and sinks in memory take that of its
/// sinks. All events are in one window.
struct ExampleRun {
    /// What is not as expected.
    struct Mismatch: Sendable, Equatable {
        /// Where it was expected.
        var place: Place
        var lines: [String]
    }

    private let description: PipelineDescription
    private let example: PipelineExample

    /// Longer than any test runs, and still a number of nanoseconds.
    private static let window = Duration.seconds(86_400 * 365 * 100)

    init(_ example: PipelineExample, of description: PipelineDescription) {
        self.example = example
        self.description = description
    }

    /// Runs it.
    ///
    /// - Returns: All that is not as expected; nothing when the test has passed.
    func run() async throws -> [Mismatch] {
        let sinks = self.description.sinks.map { _ in MemorySink() }
        let letters = MemorySink()
        var description = self.description
        let source = MemorySource(lines: self.example.input)
        description.sources = [NamedSource(name: "test", kind: .own(OwnSource(source)))]
        description.queue = QueueDescription()
        description.workers = 1
        description.shutdown = ShutdownDescription()
        description.deadLetter = .own(OwnSink(letters))
        description.deadLetterRetry = SinkRetry()
        description.sinks = zip(self.description.sinks, sinks).map { sink, memory in
            var options = SinkOptions()
            options.when = sink.options.when
            options.whenFull = .wait
            return NamedSink(name: sink.name, kind: .own(OwnSink(memory)), options: options)
        }
        description.steps = self.description.steps.map { step in
            guard case .aggregate(var what) = step else { return step }
            what.every = Self.window
            return .aggregate(what)
        }
        let report = try await Pipeline(description).run()
        var mismatches: [Mismatch] = []
        if case .failed(let error) = report.exit {
            mismatches.append(Mismatch(place: self.example.place, lines: ["the run failed: \(error.message)"]))
        }
        if !report.balanced {
            mismatches.append(Mismatch(place: self.example.place, lines: ["the ledger does not balance"]))
        }
        for expectation in self.example.expectations {
            guard let index = self.description.sinks.firstIndex(where: { $0.name == expectation.sink }) else {
                continue
            }
            mismatches += self.compare(sinks[index].lines, with: expectation)
        }
        return mismatches + self.compareLetters(letters.lines)
    }

    // MARK: - Private

    private var hasAggregate: Bool {
        self.description.steps.contains { if case .aggregate = $0 { true } else { false } }
    }

    private func compare(_ lines: [String], with expectation: PipelineExample.Expectation) -> [Mismatch] {
        var left = lines.map { line -> (value: JSONValue, line: String) in
            guard let value = JSONValue(line), case .object = value else { return (.string(line), line) }
            return (value, line)
        }
        var missing: [(value: JSONValue, place: Place)] = []
        if self.hasAggregate {
            for expected in expectation.events {
                guard let place = left.firstIndex(where: { Self.row($0.value, is: expected.value) }) else {
                    missing.append(expected)
                    continue
                }
                left.remove(at: place)
            }
        } else {
            let values = left.map(\.value)
            let wanted = expectation.events.map(\.value)
            if values == wanted { return [] }
            let same = zip(values, wanted).prefix { $0 == $1 }.count
            missing = Array(expectation.events.dropFirst(same))
            left = Array(left.dropFirst(same))
        }
        guard !missing.isEmpty || !left.isEmpty else { return [] }
        let (came, wanted) = (count(lines.count), count(expectation.events.count))
        let difference = came == wanted ? "other events than expected" : "\(came), and \(wanted) expected"
        let title = "sink \(expectation.sink) got \(difference)"
        let diff = missing.map { "- \($0.value.text ?? $0.value.json)" } + left.map { "+ \($0.line)" }
        return [Mismatch(place: missing.first?.place ?? expectation.place, lines: [title] + diff)]
    }

    /// Whether a row is as expected; its window is left out of account unless it is named.
    private static func row(_ row: JSONValue, is expected: JSONValue) -> Bool {
        let ignored = ["window_start", "window_end"].filter { expected[$0] == nil }
        return row.without(Set(ignored)) == expected
    }

    private func compareLetters(_ lines: [String]) -> [Mismatch] {
        let reasons = lines.map { line in JSONValue(line)?["reason"]?.text ?? line }
        let problem: String?
        switch self.example.letters {
        case .count(let count):
            problem = reasons.count == count ? nil : "\(count) dead letters expected, and there are \(reasons.count)"
        case .reasons(let parts):
            var left = reasons
            var missing: [String] = []
            for part in parts {
                guard let place = left.firstIndex(where: { $0.contains(part) }) else {
                    missing.append(part)
                    continue
                }
                left.remove(at: place)
            }
            let isMissing = missing.map { "'\($0)'" }.joined(separator: ", ")
            problem =
                !missing.isEmpty
                ? "no dead letter for the reason \(isMissing)"
                : left.isEmpty ? nil : "\(parts.count) dead letters expected, and there are \(reasons.count)"
        }
        guard let problem else { return [] }
        return [Mismatch(place: self.example.place, lines: [problem] + reasons.map { "+ \($0)" })]
    }
}

private func count(_ events: Int) -> String { events == 1 ? "1 event" : "\(grouped(events)) events" }

/// Hands over lines that are in memory.
private struct MemorySource: EventSource {
    let lines: [String]

    func run(_ feed: SourceFeed) async throws {
        guard !self.lines.isEmpty else { return }
        try await feed.send(SourceBatch(id: 1, text: self.lines.joined(separator: "\n")))
    }
}

/// Keeps events in memory.
private final class MemorySink: EventSink {
    private let state = Locked<[String]>([])

    var lines: [String] { self.state.withLock { $0 } }

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let lines = batch.events.map(\.text)
        self.state.withLock { $0 += lines }
        return .delivered
    }
}

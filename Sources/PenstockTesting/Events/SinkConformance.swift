//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import PenstockEvents

/// Holds a sink to what a pipeline relies on.
///
/// ```swift
/// try await SinkConformance { MySink(path) } contents: { _ in try lines(of: path) }.run()
/// ```
///
/// Each promise is tried with a sink of its own, in a real pipeline.
public struct SinkConformance: Sendable {
    private let event: @Sendable (Int) -> String
    private let make: @Sendable () async throws -> any EventSink
    private let contents: @Sendable (any EventSink) async throws -> [String]

    /// Creates a suite.
    ///
    /// - Parameters:
    ///   - event: The event with a number, other than all others; by default a JSON object.
    ///   - make: Makes a sink that holds nothing.
    ///   - contents: The events that a sink has, once it is closed.
    public init(
        event: @escaping @Sendable (Int) -> String = { "{\"number\":\($0),\"text\":\"é \\\"q\\\"\"}" },
        make: @escaping @Sendable () async throws -> any EventSink,
        contents: @escaping @Sendable (any EventSink) async throws -> [String]
    ) {
        self.event = event
        self.make = make
        self.contents = contents
    }

    /// Tries every promise.
    ///
    /// - Throws: ``ConformanceFailure`` with all that was broken, or an error of making the sink.
    public func run() async throws {
        var faults = ConformanceFaults()
        try await self.takesNothing(&faults)
        try await self.takesEverythingInOrder(&faults)
        try await self.takesLongEvents(&faults)
        try await self.takesWhatIsTriedAgain(&faults)
        try await self.takesSeveralWritesAtOnce(&faults)
        try await self.keepsWhatADrainHasDelivered(&faults)
        try faults.check()
    }

    // MARK: - Private

    private func lines(_ count: Int) -> [String] { (0..<count).map(self.event) }

    private func takesNothing(_ faults: inout ConformanceFaults) async throws {
        let sink = try await self.make()
        let report = try await Self.pipeline([], sink).run()
        faults.expect(report.exit.name == "drained", "without events the run ended as \(report.exit.name)")
        let contents = try await self.contents(sink)
        faults.expect(contents.isEmpty, "without events the sink has \(contents.count)")
    }

    private func takesEverythingInOrder(_ faults: inout ConformanceFaults) async throws {
        let lines = self.lines(5000)
        let sink = try await self.make()
        let report = try await Self.pipeline(lines, sink).run()
        faults.expect(report.balanced, "the ledger does not balance")
        faults.expect(report.events.delivered == 5000, "of 5,000 events \(report.events.delivered) were delivered")
        faults.expect(
            try await self.contents(sink) == lines,
            "the sink has other events than came, or in another order"
        )
    }

    private func takesLongEvents(_ faults: inout ConformanceFaults) async throws {
        let lines = [1, 100, 65_535, 70_000, 200_000].map { length in
            "{\"text\":\"\(String(repeating: "x", count: length))\"}"
        }
        let sink = try await self.make()
        _ = try await Self.pipeline(lines, sink).run()
        faults.expect(try await self.contents(sink) == lines, "long events did not come through as they were")
    }

    private func takesWhatIsTriedAgain(_ faults: inout ConformanceFaults) async throws {
        let lines = self.lines(2000)
        let sink = try await self.make()
        let failing = FailingSink(sink, failing: 5)
        let report = try await Self.pipeline(lines, failing).run()
        faults.expect(report.balanced, "with retries the ledger does not balance")
        faults.expect(failing.namesWereKept, "a batch that was tried again had another name")
        faults.expect(try await self.contents(sink) == lines, "with retries the sink has other events than came")
    }

    private func takesSeveralWritesAtOnce(_ faults: inout ConformanceFaults) async throws {
        let lines = self.lines(5000)
        let sink = try await self.make()
        let report = try await Self.pipeline(lines, sink) { $0.concurrency = 4 }.run()
        faults.expect(report.balanced, "with several writes at once the ledger does not balance")
        let contents = try await self.contents(sink)
        faults.expect(contents.sorted() == lines.sorted(), "with several writes at once the sink has other events")
    }

    private func keepsWhatADrainHasDelivered(_ faults: inout ConformanceFaults) async throws {
        let lines = self.lines(20_000)
        let sink = try await self.make()
        let pipeline = Self.pipeline(lines, sink)
        async let running = pipeline.run()
        while pipeline.progress().events.accepted == 0 { await Task.yield() }
        pipeline.drain(deadline: .seconds(30))
        let report = try await running
        faults.expect(report.balanced, "after a drain the ledger does not balance")
        let count = try await self.contents(sink).count
        let delivered = report.events.delivered
        faults.expect(count == delivered, "a drain has delivered \(delivered) events and the sink has \(count)")
    }

    private static func pipeline(
        _ lines: [String],
        _ sink: any EventSink,
        _ change: (inout SinkOptions) -> Void = { _ in }
    ) -> Pipeline {
        var options = SinkOptions()
        options.batchEventsMax = 100
        options.retry.backoffInitial = .milliseconds(1)
        change(&options)
        var configuration = PipelineConfiguration()
        // With one worker and one write at a time events keep their order.
        configuration.workers = 1
        return Pipeline("conformance", configuration: configuration) {
            Source("in", CountedSource(lines, batchMax: 300))
            Decode.lines
            Sink("out", sink, options: options)
        }
    }
}

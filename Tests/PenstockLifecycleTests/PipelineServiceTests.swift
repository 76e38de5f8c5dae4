//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Logging
import Penstock
import PenstockEvents
import PenstockLifecycle
import PenstockTesting
import ServiceLifecycle
import Testing

/// A pipeline in a group of services.
@Suite(.timeLimit(.minutes(5)))
struct PipelineServiceTests {
    private final class Reports: Sendable {
        private let kept = Locked<[PipelineReport]>([])

        var all: [PipelineReport] { self.kept.withLock { $0 } }

        func add(_ report: PipelineReport) { self.kept.withLock { $0.append(report) } }
    }

    private func lines(_ count: Int) -> [String] { (0..<count).map { "{\"n\":\($0)}" } }

    @Test func `graceful shutdown delivers what was accepted`() async throws {
        let source = CountedSource(self.lines(50), ending: .stall)
        let sink = CollectingSink()
        let pipeline = Pipeline("events") {
            Source("in", source)
            Decode.json
            Sink("out", sink)
        }
        let (reports, (logger, pages)) = (Reports(), LogBook.make())
        let service = PipelineService(pipeline, logger: logger) { reports.add($0) }
        let group = ServiceGroup(services: [service], logger: LogBook.make().logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while source.settlements.count < source.batchesSent || source.settlements.isEmpty { await Task.yield() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let report = try #require(reports.all.first)
        #expect(report.balanced && report.events.delivered == report.events.accepted)
        #expect(report.exit.name == "interrupted")
        #expect(pages.entries.last?.metadata["penstock.exit"] == "interrupted")
    }

    @Test func `sources that have no more end the service well`() async throws {
        let sink = CollectingSink()
        let pipeline = Pipeline("events") {
            Source("in", CountedSource(self.lines(20)))
            Decode.json
            Sink("out", sink)
        }
        let configuration = ServiceGroupConfiguration(
            services: [
                .init(service: PipelineService(pipeline), successTerminationBehavior: .gracefullyShutdownGroup)
            ],
            logger: LogBook.make().logger
        )
        try await ServiceGroup(configuration: configuration).run()
        #expect(sink.lines.count == 20)
    }

    @Test func `source that fails fails the group, after its report`() async throws {
        let pipeline = Pipeline("events") {
            Source("in", CountedSource(self.lines(20), ending: .fail("the cable was cut")))
            Decode.json
            Sink("out", CollectingSink())
        }
        let (reports, (logger, pages)) = (Reports(), LogBook.make())
        let service = PipelineService(pipeline, logger: logger) { reports.add($0) }
        let group = ServiceGroup(services: [service], logger: LogBook.make().logger)
        let error = await #expect(throws: PenstockError.self) { try await group.run() }
        #expect(error?.message.contains("the cable was cut") == true)
        let report = try #require(reports.all.first)
        #expect(report.balanced && report.events.delivered == 20)
        #expect(pages.entries.last?.level == .error)
    }

    @Test func `shutdown before the group runs ends the pipeline at once`() async throws {
        let pipeline = Pipeline("events") {
            Source("in", CountedSource(self.lines(20), ending: .stall))
            Decode.json
            Sink("out", CollectingSink())
        }
        let reports = Reports()
        let group = ServiceGroup(
            services: [PipelineService(pipeline) { reports.add($0) }],
            logger: LogBook.make().logger
        )
        await group.triggerGracefulShutdown()
        try await group.run()
        let report = try #require(reports.all.first)
        #expect(report.balanced && report.exit.name == "interrupted")
    }
}

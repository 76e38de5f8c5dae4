//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
public import PenstockEvents

/// Holds a durable store to what a pipeline relies on.
///
/// ```swift
/// try await EventStoreConformance { MyStore(place) }.run()
/// ```
///
/// The stores that are made all stand for one place, so that what one has kept the next one finds. It is empty at
/// first.
public struct EventStoreConformance: Sendable {
    private let make: @Sendable () async throws -> any DurableEventStore

    /// Creates a suite.
    ///
    /// - Parameter make: Makes a store for the place, not open.
    public init(make: @escaping @Sendable () async throws -> any DurableEventStore) {
        self.make = make
    }

    /// Tries every promise.
    ///
    /// - Throws: ``ConformanceFailure`` with all that was broken, or an error of the store.
    public func run() async throws {
        var faults = ConformanceFaults()
        try await self.keepsWhatItWasGiven(&faults)
        try await self.removes(&faults)
        try await self.keepsOthersOut(&faults)
        try await self.leavesNothingOfARunThatEnds(&faults)
        try await self.keepsWhatARunLeaves(&faults)
        try faults.check()
    }

    // MARK: - Private

    private static let all = (1...20).map { number in
        StoredBatch(
            number: Int64(number),
            source: number.isMultiple(of: 2) ? "in" : "ä \"b\"",
            session: UInt64.max - UInt64(number),
            firstPosition: UInt64(number) << 40,
            receivedAt: -1_000_000_007 + Int64(number),
            lines: Array(repeating: UInt8(truncatingIfNeeded: number + 199), count: number * 997) + [10, 0, 10, 10, 7]
        )
    }

    private func keepsWhatItWasGiven(_ faults: inout ConformanceFaults) async throws {
        var store = try await self.make()
        let empty = try await store.open()
        faults.expect(
            empty.batches == 0 && empty.events == 0 && empty.bytes == 0,
            "a store that is empty is not: \(empty)"
        )
        for batch in Self.all.prefix(3) { try await store.commit(adding: [batch], removing: []) }
        try await store.commit(adding: Array(Self.all[3...]), removing: [])
        for isReopened in [false, true] {
            if isReopened {
                try await store.close()
                store = try await self.make()
                let contents = try await store.open()
                faults.expect(
                    contents.batches == 20,
                    "of 20 batches \(contents.batches) are there when it is opened again"
                )
                faults.expect(contents.events == Self.all.reduce(0) { $0 + $1.count }, "events: \(contents.events)")
                faults.expect(contents.bytes == Self.all.reduce(0) { $0 + $1.byteCount }, "bytes: \(contents.bytes)")
                faults.expect(contents.lastNumber == 20, "the last number: \(contents.lastNumber)")
            }
            let read = try await Self.readAll(store, bytesMax: 1)
            faults.expect(Self.isSame(read, Self.all), "it does not give back one by one what it was given")
            let together = try await store.read(after: 0, bytesMax: .max)
            faults.expect(Self.isSame(together, Self.all), "it does not give back together what it was given")
            let some = try await store.read(after: 17, bytesMax: Self.all[17].byteCount + 1)
            faults.expect(Self.isSame(some, Array(Self.all[17...18])), "it reads on when it has read enough")
        }
        try await store.commit(adding: [], removing: Self.all.map(\.number))
        try await store.close()
    }

    private func removes(_ faults: inout ConformanceFaults) async throws {
        let store = try await self.make()
        _ = try await store.open()
        try await store.commit(adding: Self.all, removing: [])
        try await store.commit(adding: [], removing: [20, 3, 4, 5, 9, 1, 777])
        let gone: Set<Int64> = [20, 3, 4, 5, 9, 1]
        let left = Self.all.filter { !gone.contains($0.number) }
        let read = try await store.read(after: 0, bytesMax: .max)
        faults.expect(Self.isSame(read, left), "it removes other batches than it was told to")
        let last = StoredBatch(number: 21, source: "in", session: 1, lines: [65])
        try await store.commit(adding: [last], removing: left.map(\.number))
        let rest = try await store.read(after: 0, bytesMax: .max)
        faults.expect(Self.isSame(rest, [last]), "it does not add and remove together")
        try await store.commit(adding: [], removing: [21])
        try await store.close()
    }

    private func keepsOthersOut(_ faults: inout ConformanceFaults) async throws {
        let store = try await self.make()
        try store.check()
        _ = try await store.open()
        let other = try await self.make()
        var isRefused = false
        do {
            _ = try await other.open()
            try await other.close()
        } catch {
            isRefused = true
        }
        faults.expect(isRefused, "a second pipeline could open it")
        faults.expect((try? other.check()) == nil, "its check does not find that a second pipeline cannot open it")
        try await store.commit(adding: [Self.all[0]], removing: [])
        try await store.commit(adding: [], removing: [1])
        try await store.close()
        try store.check()
    }

    private func leavesNothingOfARunThatEnds(_ faults: inout ConformanceFaults) async throws {
        let lines = Self.lines(3000)
        let source = CountedSource(lines, batchMax: 11)
        let sink = CollectingSink()
        let report = try await Self.pipeline(source, sink, in: try await self.make()).run()
        faults.expect(report.balanced, "the ledger does not balance")
        faults.expect(sink.lines == lines, "the sink has other events than came, or in another order")
        let stored = source.settlements.reduce(0) { $0 + $1.stored }
        faults.expect(stored == 3000, "the source heard of \(stored) stored events, and not of 3,000")
        let store = try await self.make()
        let contents = try await store.open()
        faults.expect(contents.batches == 0, "a run that has ended leaves \(contents.batches) batches")
        try await store.close()
    }

    private func keepsWhatARunLeaves(_ faults: inout ConformanceFaults) async throws {
        let lines = Self.lines(3000)
        let source = CountedSource(lines, batchMax: 11, ending: .stall)
        let hanging = HangingSink()
        let pipeline = Self.pipeline(source, hanging, in: try await self.make())
        async let running = pipeline.run()
        while source.settlements.reduce(0, { $0 + $1.stored }) < 3000 { await Task.yield() }
        while hanging.hangingCount == 0 { await Task.yield() }
        pipeline.drain(deadline: .zero)
        let report = try await running
        hanging.release()
        faults.expect(report.balanced, "with a sink that hangs the ledger does not balance")
        faults.expect(report.events.stored == 3000, "of 3,000 events \(report.events.stored) are left stored")
        let sink = CollectingSink()
        let second = try await Self.pipeline(CountedSource([]), sink, in: try await self.make()).run()
        faults.expect(second.balanced, "with what was left the ledger does not balance")
        faults.expect(second.events.recovered == 3000, "of 3,000 events \(second.events.recovered) are recovered")
        faults.expect(sink.lines == lines, "what was left comes to the sink other than it came")
    }

    private static func lines(_ count: Int) -> [String] { (0..<count).map { "{\"number\":\($0),\"text\":\"é\"}" } }

    private static func pipeline(_ source: CountedSource, _ sink: any EventSink, in store: any DurableEventStore)
        -> Pipeline
    {
        var configuration = PipelineConfiguration()
        // With one worker and one write at a time events keep their order.
        configuration.workers = 1
        return Pipeline("conformance", configuration: configuration) {
            Source("in", source)
            StoredQueue(in: store)
            Sink("out", sink)
        }
    }

    private static func readAll(_ store: any DurableEventStore, bytesMax: Int) async throws -> [StoredBatch] {
        var all: [StoredBatch] = []
        while true {
            let some = try await store.read(after: all.last?.number ?? 0, bytesMax: bytesMax)
            if some.isEmpty { return all }
            all += some
        }
    }

    private static func isSame(_ left: [StoredBatch], _ right: [StoredBatch]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { one, other in
                one.number == other.number && one.checksum == other.checksum && one.isIntact && other.isIntact
                    && one.source == other.source && one.session == other.session
                    && one.receivedAt == other.receivedAt && one.firstPosition == other.firstPosition
            }
    }
}

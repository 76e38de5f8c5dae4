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
import PenstockMetrics
import Testing

@Suite("Pipelines in a scrape", .timeLimit(.minutes(5)))
struct PipelineMetricsTests {
    private func compare(_ scrape: MetricsSnapshot, _ events: EventLedger, pipeline: String) {
        let counts = [
            "penstock_events_offered_total": events.offered, "penstock_events_accepted_total": events.accepted,
            "penstock_events_waiting": events.waiting,
            "penstock_events_delivered_total": events.delivered, "penstock_events_filtered_total": events.filtered,
            "penstock_events_aggregated_total": events.aggregated,
            "penstock_events_dead_lettered_total": events.deadLettered, "penstock_events_in_flight": events.inFlight,
            "penstock_events_stored": events.stored, "penstock_events_recovered_total": events.recovered,
        ]
        for (name, count) in counts { #expect(scrape.count(name, pipeline) == count, "\(name)") }
        for (reason, count) in events.rejectedReasons {
            #expect(scrape.count("penstock_events_rejected_total", pipeline, reason) == count)
        }
        #expect(events.rejectedReasons.values.reduce(0, +) == events.rejected)
        for (reason, count) in events.dropped {
            #expect(scrape.count("penstock_events_dropped_total", pipeline, reason) == count)
        }
    }

    @Test func `counters equal the ledger of a run`() async throws {
        let registry = MetricsRegistry()
        let pipeline = Pipeline("flights") {
            Generator(count: 20_000)
            Decode.json
            Filter("delay > 60")
            NullSink()
        }
        registry.watch(pipeline)
        let report = try await pipeline.run()
        #expect(report.balanced && report.events.accepted == 20_000)
        self.compare(registry.snapshot(), report.events, pipeline: "flights")
    }

    @Test func `every figure of a snapshot is in a scrape, at its place`() {
        var snapshot = PipelineSnapshot(pipeline: "flights")
        snapshot.phase = .draining
        snapshot.elapsed = .milliseconds(1_500)
        snapshot.events.offered = 10
        snapshot.events.accepted = 9
        snapshot.events.dropped = ["sink_failed": 2]
        var rows = RowLedger()
        (rows.emitted, rows.delivered, rows.deadLettered, rows.dropped, rows.inFlight) = (9, 4, 2, ["late": 1], 2)
        snapshot.rows = rows
        snapshot.isBalanced = false
        snapshot.latency.record(46_000)
        (snapshot.queueBytes, snapshot.queueBytesMax) = (11, 12)
        var store = StoreSnapshot()
        (store.events, store.bytes, store.bytesMax, store.oldestAge) = (13, 16, 17, .seconds(18))
        (store.isFull, store.failure) = (true, "no space")
        snapshot.store = store
        var source = SourceSnapshot(name: "in", type: "file")
        (source.events, source.bytes) = (14, 15)
        snapshot.sources = [source]
        var sink = SinkSnapshot(name: "out", type: "file")
        (sink.ledger.routed, sink.ledger.delivered, sink.ledger.deadLettered, sink.ledger.inFlight) = (21, 22, 23, 24)
        sink.ledger.dropped = ["gone": 25]
        sink.ledger.stored = 38
        (sink.depth, sink.capacity, sink.bytes, sink.bytesMax) = (26, 27, 28, 29)
        (sink.oldestAge, sink.workersWaiting, sink.workersWaited) = (.seconds(30), 31, .seconds(32))
        (sink.writers, sink.writing, sink.failures, sink.retries) = (33, 34, 35, 36)
        sink.writeTimes.record(1_000_000, count: 37)
        snapshot.sinks = [sink]
        let registry = MetricsRegistry()
        registry.watchPipeline(named: "f") { [snapshot] in snapshot }
        let scrape = registry.snapshot()
        self.compare(scrape, snapshot.events, pipeline: "f")
        let expected: [(String, [String], Double)] = [
            ("penstock_pipeline_balanced", [], 0), ("penstock_pipeline_uptime_seconds", [], 1.5),
            ("penstock_pipeline_phase", ["draining"], 1), ("penstock_pipeline_phase", ["running"], 0),
            ("penstock_rows_emitted_total", [], 9), ("penstock_rows_delivered_total", [], 4),
            ("penstock_rows_dead_lettered_total", [], 2), ("penstock_rows_dropped_total", ["late"], 1),
            ("penstock_rows_in_flight", [], 2), ("penstock_event_latency_seconds", [], 1),
            ("penstock_queue_bytes", [], 11), ("penstock_queue_capacity_bytes", [], 12),
            ("penstock_queue_stored_bytes", [], 16), ("penstock_queue_stored_capacity_bytes", [], 17),
            ("penstock_queue_stored_oldest_age_seconds", [], 18), ("penstock_queue_store_full", [], 1),
            ("penstock_queue_store_failing", [], 1),
            ("penstock_queue_stored_events", [], 13), ("penstock_source_events_total", ["in"], 14),
            ("penstock_source_bytes_total", ["in"], 15), ("penstock_sink_routed_total", ["out"], 21),
            ("penstock_sink_delivered_total", ["out"], 22), ("penstock_sink_dead_lettered_total", ["out"], 23),
            ("penstock_sink_in_flight", ["out"], 24), ("penstock_sink_stored", ["out"], 38),
            ("penstock_sink_dropped_total", ["out", "gone"], 25),
            ("penstock_sink_queue_depth", ["out"], 26), ("penstock_sink_queue_capacity", ["out"], 27),
            ("penstock_sink_queue_bytes", ["out"], 28), ("penstock_sink_queue_capacity_bytes", ["out"], 29),
            ("penstock_sink_queue_utilization_ratio", ["out"], 28.0 / 29),
            ("penstock_sink_oldest_age_seconds", ["out"], 30), ("penstock_sink_workers_waiting", ["out"], 31),
            ("penstock_sink_workers_waited_seconds_total", ["out"], 32), ("penstock_sink_writers", ["out"], 33),
            ("penstock_sink_writing", ["out"], 34), ("penstock_sink_failures_total", ["out"], 35),
            ("penstock_sink_retries_total", ["out"], 36), ("penstock_sink_write_seconds", ["out"], 37),
        ]
        for (name, values, number) in expected {
            #expect(scrape.number(name, ["f"] + values) == number, "\(name) \(values)")
        }
    }
}

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

extension MetricSamples {
    /// Adds all series of a pipeline, and of its pool.
    mutating func add(_ pipeline: PipelineSnapshot, named name: String) {
        self.add(pipeline.events, named: name)
        if let rows = pipeline.rows { self.add(rows, named: name) }
        self.add(.eventLatency, [name], pipeline.latency)
        self.add(.pipelineBalanced, [name], pipeline.isBalanced ? 1 : 0)
        for phase in PipelineSnapshot.Phase.allCases {
            self.add(.pipelinePhase, [name, phase.rawValue], phase == pipeline.phase ? 1 : 0)
        }
        self.add(.pipelineUptime, [name], pipeline.elapsed)
        self.add(.queueBytes, [name], pipeline.queueBytes)
        self.add(.queueBytesMax, [name], pipeline.queueBytesMax)
        if let store = pipeline.store { self.add(store, named: name) }
        for source in pipeline.sources {
            self.add(.sourceEvents, [name, source.name], source.events)
            self.add(.sourceBytes, [name, source.name], source.bytes)
        }
        for sink in pipeline.sinks { self.add(sink, of: name) }
        if let pool = pipeline.pool { self.add(pool, named: name, workerTimes: pipeline.workerTimes) }
    }

    // MARK: - Private

    private mutating func add(_ store: StoreSnapshot, named name: String) {
        self.add(.queueStored, [name], store.events)
        self.add(.queueStoredBytes, [name], store.bytes)
        self.add(.queueStoredBytesMax, [name], store.bytesMax)
        self.add(.queueStoredOldestAge, [name], store.oldestAge)
        self.add(.queueStoreFull, [name], store.isFull ? 1 : 0)
        self.add(.queueStoreFailing, [name], store.failure == nil ? 0 : 1)
    }

    private mutating func add(_ events: EventLedger, named name: String) {
        self.add(.eventsOffered, [name], events.offered)
        self.add(.eventsAccepted, [name], events.accepted)
        for (reason, count) in events.rejectedReasons.sorted(by: { $0.key < $1.key }) {
            self.add(.eventsRejected, [name, reason], count)
        }
        self.add(.eventsDelivered, [name], events.delivered)
        self.add(.eventsFiltered, [name], events.filtered)
        self.add(.eventsAggregated, [name], events.aggregated)
        self.add(.eventsDeadLettered, [name], events.deadLettered)
        for (reason, count) in events.dropped.sorted(by: { $0.key < $1.key }) {
            self.add(.eventsDropped, [name, reason], count)
        }
        self.add(.eventsRecovered, [name], events.recovered)
        self.add(.eventsWaiting, [name], events.waiting)
        self.add(.eventsInFlight, [name], events.inFlight)
        self.add(.eventsStored, [name], events.stored)
    }

    private mutating func add(_ rows: RowLedger, named name: String) {
        self.add(.rowsEmitted, [name], rows.emitted)
        self.add(.rowsDelivered, [name], rows.delivered)
        self.add(.rowsDeadLettered, [name], rows.deadLettered)
        for (reason, count) in rows.dropped.sorted(by: { $0.key < $1.key }) {
            self.add(.rowsDropped, [name, reason], count)
        }
        self.add(.rowsInFlight, [name], rows.inFlight)
    }

    private mutating func add(_ sink: SinkSnapshot, of name: String) {
        let labels = [name, sink.name]
        self.add(.sinkRouted, labels, sink.ledger.routed)
        self.add(.sinkDelivered, labels, sink.ledger.delivered)
        self.add(.sinkDeadLettered, labels, sink.ledger.deadLettered)
        for (reason, count) in sink.ledger.dropped.sorted(by: { $0.key < $1.key }) {
            self.add(.sinkDropped, labels + [reason], count)
        }
        self.add(.sinkInFlight, labels, sink.ledger.inFlight)
        self.add(.sinkStored, labels, sink.ledger.stored)
        self.add(.sinkQueueDepth, labels, sink.depth)
        self.add(.sinkQueueCapacity, labels, sink.capacity)
        self.add(.sinkQueueBytes, labels, sink.bytes)
        self.add(.sinkQueueBytesMax, labels, sink.bytesMax)
        self.add(.sinkQueueUtilization, labels, sink.utilization)
        self.add(.sinkOldestAge, labels, sink.oldestAge)
        self.add(.sinkWorkersWaiting, labels, sink.workersWaiting)
        self.add(.sinkWorkersWaited, labels, sink.workersWaited)
        self.add(.sinkWriters, labels, sink.writers)
        self.add(.sinkWriting, labels, sink.writing)
        self.add(.sinkWrites, labels, sink.writeTimes)
        self.add(.sinkFailures, labels, sink.failures)
        self.add(.sinkRetries, labels, sink.retries)
    }
}

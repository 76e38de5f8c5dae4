//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineRun {
    /// The run at this instant.
    ///
    /// - Parameter isOver: Whether its report has been made.
    func snapshot(isOver: Bool) -> PipelineSnapshot {
        let totals = self.counts.current
        let pool = self.pool.snapshot()
        let now = self.time.now()
        var snapshot = PipelineSnapshot(pipeline: self.description.name)
        snapshot.phase = self.phase(isPaused: pool.isPaused, isOver: isOver)
        snapshot.elapsed = .nanoseconds(Int64(clamping: now &- self.beginning))
        snapshot.events = totals.events
        snapshot.rows = self.windows == nil ? nil : totals.rows
        snapshot.isBalanced = totals.equationsHold && pool.ledger.isBalanced
        snapshot.latency = totals.latency
        snapshot.queueBytes = pool.queuedBytes
        snapshot.queueBytesMax = pool.bytesMax ?? 0
        snapshot.workerTimes = pool.workerTimes
        snapshot.pool = pool
        snapshot.store = self.journal?.snapshot(at: now)
        snapshot.sources = zip(self.description.sources, totals.sources).map { source, tally in
            var snapshot = SourceSnapshot(name: source.name, type: source.kind.typeName)
            snapshot.events = tally.events
            snapshot.bytes = tally.bytes
            return snapshot
        }
        snapshot.sinks = self.sinks.ports.map { port in
            port.snapshot(type: self.description.sinks[port.index].kind.typeName, ledger: totals.sinks[port.index])
        }
        snapshot.slowest = self.slowest.current(now: now)
        snapshot.hotKey = self.keys?.hottest(at: now)
        return snapshot
    }

    private func phase(isPaused: Bool, isOver: Bool) -> PipelineSnapshot.Phase {
        if isOver { return .ended }
        if self.stop.isStopped { return .draining }
        if self.isToldToStop { return .stopping }
        return isPaused ? .paused : .running
    }
}

extension SinkPort {
    /// The sink at this instant.
    func snapshot(type: String, ledger: SinkLedger) -> SinkSnapshot {
        var snapshot = SinkSnapshot(name: self.name, type: type)
        snapshot.ledger = ledger
        self.lane.describe(into: &snapshot)
        let meter = self.meter.current
        snapshot.writing = meter.writing
        snapshot.writeTimes = meter.writeTimes
        snapshot.failures = meter.failures
        snapshot.retries = meter.retries
        snapshot.lastError = meter.lastError
        return snapshot
    }
}

extension PipelineCounts.Totals {
    /// Whether the equations hold that do so at every instant, not only at the end of a run.
    var equationsHold: Bool {
        self.events.isBalanced && self.rows.isBalanced && self.letters.isBalanced
            && self.sinks.allSatisfy(\.isBalanced)
    }
}

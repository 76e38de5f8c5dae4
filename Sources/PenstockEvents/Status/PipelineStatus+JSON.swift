//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineStatus {
    /// The status as one JSON object on one line, without a line end.
    package func json() -> String {
        var json = JSONWriter()
        json.object { json in
            self.writeHead(to: &json)
            self.writeEvents(to: &json)
            json.member("queue") { self.writeQueue(to: &$0) }
            json.member("workers") { self.writeWorkers(to: &$0) }
            json.member("time_budget") { self.writeBudget(to: &$0) }
            json.member("sources", list: self.sources) { $0.write(to: &$1) }
            json.member("sinks", list: self.sinks) { $0.write(to: &$1) }
            json.member("slowest", list: self.now.slowest) { batch, json in
                json.member("source", text: batch.source)
                json.member("position", count: Int(clamping: batch.position))
                json.member("events", count: batch.events)
                json.member("elapsed_seconds", seconds: batch.elapsed)
                json.member("age_seconds", seconds: batch.age)
            }
            if let hot = self.now.hotKey {
                json.member("hot_key") {
                    $0.member("key", text: hot.text)
                    $0.member("share", number: rounded(hot.share, digits: 4))
                    $0.member("keys", count: hot.keys)
                }
            }
            json.member("diagnoses", list: self.diagnoses) { diagnosis, json in
                json.member("code", text: diagnosis.code)
                json.member("level", text: diagnosis.level.rawValue)
                json.member("text", text: diagnosis.text)
            }
        }
        return json.text
    }

    /// Whether it is ready, and why not, as one JSON object.
    package func readinessJSON() -> String {
        let reasons = self.reasonsNotReady
        var json = JSONWriter()
        json.object {
            $0.member("ready", flag: reasons.isEmpty)
            $0.member("reasons", texts: reasons)
        }
        return json.text
    }

    // MARK: - Private

    private func writeHead(to json: inout JSONWriter) {
        var time: [UInt8] = []
        appendTimestamp(self.time, to: &time)
        json.member("time", text: String(decoding: time, as: UTF8.self))
        json.member("pipeline", text: self.now.pipeline)
        json.member("phase", text: self.now.phase.rawValue)
        json.member("elapsed_seconds", seconds: self.now.elapsed)
        json.member("window_seconds", seconds: self.window)
        let reasons = self.reasonsNotReady
        json.member("ready", flag: reasons.isEmpty)
        json.member("reasons", texts: reasons)
        json.member("balanced", flag: self.now.isBalanced)
    }

    private func writeEvents(to json: inout JSONWriter) {
        json.member("events") { self.now.events.write(to: &$0) }
        if let rows = self.now.rows { json.member("rows") { rows.write(to: &$0) } }
        json.member("events_per_second") {
            $0.member("accepted", number: rounded(self.rates.accepted, digits: 1))
            $0.member("ended", number: rounded(self.rates.ended, digits: 1))
            $0.member("delivered", number: rounded(self.rates.delivered, digits: 1))
            $0.member("dead_lettered", number: rounded(self.rates.deadLettered, digits: 1))
            $0.member("dropped", number: rounded(self.rates.dropped, digits: 1))
            $0.member("rejected", number: rounded(self.rates.rejected, digits: 1))
        }
        json.member("latency_seconds") { self.latency.write(to: &$0) }
        json.member("latency_total_seconds") { self.now.latency.write(to: &$0) }
    }

    private func writeQueue(to json: inout JSONWriter) {
        let pool = self.now.pool
        json.member("depth", count: pool?.depth ?? 0)
        json.member("capacity", count: pool?.capacity ?? 0)
        json.member("utilization", number: rounded(pool?.utilization ?? 0, digits: 4))
        json.member("bytes", count: self.now.queueBytes)
        json.member("bytes_max", count: self.now.queueBytesMax)
        if let store = self.now.store {
            json.member("stored", count: store.events)
            json.member("store") { store.write(to: &$0) }
        }
        json.member("oldest_age_seconds", seconds: pool?.oldestAge ?? .zero)
        json.member("full_seconds", seconds: self.fullFor)
        json.member("held_share", number: rounded(self.heldShare, digits: 4))
        json.member("held_seconds", seconds: pool?.producersHeld ?? .zero)
        json.member("wait_seconds") { self.waitTimes.write(to: &$0) }
    }

    private func writeWorkers(to json: inout JSONWriter) {
        let pool = self.now.pool
        json.member("count", count: pool?.workers ?? 0)
        json.member("threads", count: pool?.threads ?? 0)
        json.member("list", list: pool?.workerStates ?? []) { worker, json in
            json.member("name", text: worker.name)
            json.member("activity", text: worker.activity.rawValue)
            json.member("elapsed_seconds", seconds: worker.elapsed)
            json.member("events", count: worker.jobs)
        }
        json.member("stuck", list: pool?.stuckJobs ?? []) { stuck, json in
            json.member("worker", text: stuck.worker)
            json.member("batch", text: stuck.job)
            json.member("elapsed_seconds", seconds: stuck.elapsed)
        }
    }

    private func writeBudget(to json: inout JSONWriter) {
        let times = self.now.workerTimes
        json.member("busy_seconds", seconds: times.busy)
        json.member("blocked_seconds", seconds: times.blocked)
        json.member("idle_seconds", seconds: times.idle)
        json.member("busy", number: rounded(self.shares.busy, digits: 4))
        json.member("blocked", number: rounded(self.shares.blocked, digits: 4))
        json.member("idle", number: rounded(self.shares.idle, digits: 4))
    }
}

extension StoreSnapshot {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("events", count: self.events)
        json.member("bytes", count: self.bytes)
        json.member("bytes_max", count: self.bytesMax)
        json.member("utilization", number: rounded(self.utilization, digits: 4))
        json.member("waiting", count: self.waiting)
        json.member("oldest_age_seconds", seconds: self.oldestAge)
        json.member("full", flag: self.isFull)
        json.member("when_full", text: self.whenFull.rawValue)
        if let failure = self.failure { json.member("failure", text: failure) }
    }
}

extension PipelineStatus.Source {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("name", text: self.now.name)
        json.member("type", text: self.now.type)
        json.member("events", count: self.now.events)
        json.member("bytes", count: self.now.bytes)
        json.member("events_per_second", number: rounded(self.eventsPerSecond, digits: 1))
        json.member("bytes_per_second", number: rounded(self.bytesPerSecond, digits: 1))
    }
}

extension PipelineStatus.Sink {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("name", text: self.now.name)
        json.member("type", text: self.now.type)
        self.now.ledger.write(to: &json)
        json.member("delivered_per_second", number: rounded(self.deliveredPerSecond, digits: 1))
        json.member("depth", count: self.now.depth)
        json.member("capacity", count: self.now.capacity)
        json.member("utilization", number: rounded(self.now.utilization, digits: 4))
        json.member("bytes", count: self.now.bytes)
        json.member("bytes_max", count: self.now.bytesMax)
        json.member("oldest_age_seconds", seconds: self.now.oldestAge)
        json.member("workers_waiting", count: self.now.workersWaiting)
        json.member("wait_share", number: rounded(self.waitShare, digits: 4))
        json.member("writers", count: self.now.writers)
        json.member("writing", count: self.now.writing)
        json.member("write_seconds") { self.writeTimes.write(to: &$0) }
        json.member("failures", count: self.now.failures)
        json.member("retries", count: self.now.retries)
        if let error = self.now.lastError { json.member("last_error", text: error) }
    }
}

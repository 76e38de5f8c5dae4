//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What is wrong with a pipeline, or slows it, in a sentence.
package struct Diagnosis: Sendable, Equatable {
    /// How much it matters.
    package enum Level: String, Sendable, Comparable {
        /// Something that needs somebody.
        case problem
        /// Something that holds the pipeline up.
        case warning
        /// Something worth knowing.
        case note

        package static func < (left: Level, right: Level) -> Bool { left.order < right.order }

        private var order: Int {
            switch self {
            case .problem: 0
            case .warning: 1
            case .note: 2
            }
        }
    }

    /// What it is about, as a word that a script can look for.
    package var code: String
    package var level: Level
    /// The sentence, without a full stop.
    package var text: String

    package init(_ code: String, _ level: Level, _ text: String) {
        self.code = code
        self.level = level
        self.text = text
    }
}

extension PipelineStatus {
    /// What can be said of the pipeline, what matters most first; nothing when all is well.
    package var diagnoses: [Diagnosis] {
        let found = self.faults + self.states + self.bottlenecks + self.losses
        return Diagnosis.Level.allInOrder.flatMap { level in found.filter { $0.level == level } }
    }

    // MARK: - Private

    private var lookback: String { "the last \(shortSeconds(self.window))" }

    /// What needs somebody.
    private var faults: [Diagnosis] {
        var found: [Diagnosis] = []
        if !self.now.isBalanced {
            found.append(Diagnosis("ledger", .problem, "the ledger does not balance: events are not accounted for"))
        }
        for sink in self.sinks {
            guard let error = sink.now.lastError else { continue }
            let times = sink.recentFailures == 1 ? "1 write" : "\(sink.recentFailures) writes"
            let recent = sink.recentFailures > 0 ? " (\(times) within \(self.lookback))" : ""
            found.append(Diagnosis("sink_failing", .problem, "sink `\(sink.now.name)` fails: \(error)\(recent)"))
        }
        if let failure = self.now.store?.failure {
            found.append(Diagnosis("store_failing", .problem, "the durable queue cannot write: \(failure)"))
        }
        for stuck in self.now.pool?.stuckJobs.prefix(3) ?? [] {
            let time = shortSeconds(stuck.elapsed)
            found.append(Diagnosis("stuck", .problem, "\(stuck.worker) has been at one batch for \(time)"))
        }
        if let stall = self.stall { found.append(stall) }
        return found
    }

    /// Events that wait while nothing ends, or wait longer and longer.
    private var stall: Diagnosis? {
        guard self.window > .zero, self.now.phase.isMoving, let pool = self.now.pool,
            pool.depth > 0
        else { return nil }
        let age = shortSeconds(pool.oldestAge)
        if self.recentFates == 0, pool.oldestAge >= self.window, self.window >= .seconds(2) {
            let text = "nothing has ended within \(self.lookback), and the oldest event has waited for \(age)"
            return Diagnosis("stalled", .problem, text)
        }
        let grown = pool.oldestAge - self.formerAge
        guard pool.oldestAge >= .seconds(1), grown / self.window >= 0.5 else { return nil }
        return Diagnosis(
            "falling_behind",
            .warning,
            "the pipeline falls behind: the oldest event has waited for \(age)"
        )
    }

    private var states: [Diagnosis] {
        switch self.now.phase {
        case .paused:
            return [Diagnosis("paused", .warning, "paused: workers take nothing from the queue")]
        case .stopping:
            return [Diagnosis("stopping", .note, "stopping: it goes on to accept for its shutdown's delay")]
        case .draining:
            let left = shortCount(self.now.events.inFlight)
            return [Diagnosis("draining", .note, "draining: \(left) events are still to be finished")]
        case .starting, .running, .ended: return []
        }
    }

    /// Who holds whom up.
    private var bottlenecks: [Diagnosis] {
        guard self.window > .zero, self.now.phase.isMoving else { return [] }
        var found: [Diagnosis] = []
        if let sink = self.sinks.max(by: { $0.waitShare < $1.waitShare }), sink.waitShare >= 0.25 {
            let share = wholePercent(sink.waitShare)
            let text = "sink `\(sink.now.name)` is the bottleneck: workers spend \(share) of their time waiting for it"
            found.append(Diagnosis("sink_bottleneck", .warning, text))
        } else if self.shares.busy >= 0.9 {
            let text = "workers are busy \(wholePercent(self.shares.busy)) of the time: the steps are the bottleneck, "
            found.append(Diagnosis("steps_bottleneck", .note, text + "and more workers help while cores are free"))
        } else if self.shares.idle >= 0.9, self.now.phase == .running, !self.hasWaitingEvents {
            let text = "workers are idle \(wholePercent(self.shares.idle)) of the time: they wait for the sources"
            found.append(Diagnosis("starved", .note, text))
        }
        if self.heldShare >= 0.1 {
            let text = "producers held \(wholePercent(self.heldShare)) of the time: queue full"
            found.append(Diagnosis("queue_full", .warning, text))
        }
        if let store = self.now.store, store.isFull {
            let text = "the durable queue is full: \(store.whenFull.consequence)"
            found.append(Diagnosis("store_full", .warning, text))
        }
        if let hot = self.now.hotKey, hot.isHot {
            let text = "one key is \(wholePercent(hot.share)) of events: `\(hot.text)`"
            found.append(Diagnosis("hot_key", .note, text))
        }
        return found
    }

    /// Whether events wait somewhere before the workers: those are not idle for want of events then.
    private var hasWaitingEvents: Bool {
        if self.now.events.waiting > 0 || (self.now.pool?.depth ?? 0) > 0 { return true }
        guard let store = self.now.store else { return false }
        return store.isFull || store.failure != nil || store.waiting > 0
    }

    private var losses: [Diagnosis] {
        var found: [Diagnosis] = []
        if self.recentLetters > 0 {
            let share = Double(self.recentLetters) / Double(max(self.recentFates, self.recentLetters))
            let letters = self.recentLetters == 1 ? "1 dead letter" : "\(shortCount(self.recentLetters)) dead letters"
            let text = "\(letters) within \(self.lookback), "
            found.append(Diagnosis("dead_letters", .warning, text + "\(wholePercent(share)) of what ended"))
        }
        for (reason, count) in self.recentDrops.sorted(by: { $0.key < $1.key }) {
            let events = count == 1 ? "1 event" : "\(shortCount(count)) events"
            let text = "\(events) dropped within \(self.lookback): \(reason)"
            found.append(Diagnosis("dropped", .problem, text))
        }
        return found
    }
}

extension DurableQueueOptions.WhenFull {
    /// What becomes of events while it is full.
    fileprivate var consequence: String {
        switch self {
        case .wait: "sources wait"
        case .reject: "events are refused"
        case .dropNewest: "events are dropped"
        }
    }
}

extension Diagnosis.Level {
    fileprivate static let allInOrder: [Diagnosis.Level] = [.problem, .warning, .note]
}

/// A share as whole percent; what is something is not shown as nothing.
private func wholePercent(_ share: Double) -> String {
    let percent = Int((share * 100).rounded())
    return share > 0 && percent == 0 ? "less than 1 %" : "\(percent) %"
}

/// Seconds with a decimal while they are few.
func shortSeconds(_ duration: Duration) -> String {
    let tenths = Int((min(max(0, duration.inSeconds), 1e9) * 10).rounded())
    if tenths >= 100 || tenths.isMultiple(of: 10) { return "\((tenths + 5) / 10) s" }
    return "\(tenths / 10).\(tenths % 10) s"
}

/// A whole number with a comma before each three digits.
private func shortCount(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var place = digits.count - 3
    while place > 0 {
        digits.insert(",", at: place)
        place -= 3
    }
    return String(digits)
}

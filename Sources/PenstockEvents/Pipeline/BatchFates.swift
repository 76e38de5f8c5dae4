//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What became of events of one batch that have found their fates together.
struct BatchFates: Sendable, Equatable {
    var delivered = 0
    var filtered = 0
    var aggregated = 0
    var deadLettered = 0
    /// Lost, by reason.
    var dropped: [String: Int] = [:]
    /// Without a fate in this run, and safe in a durable queue.
    var stored = 0

    /// How many events it is about.
    var count: Int {
        self.delivered + self.filtered + self.aggregated + self.deadLettered + self.dropped.values.reduce(0, +)
            + self.stored
    }

    mutating func drop(_ count: Int, _ reason: String) {
        if count > 0 { self.dropped[reason, default: 0] += count }
    }

    /// Makes events that a durable queue keeps stored ones, where they would be lost for a reason that ends with the
    /// run.
    ///
    /// - Parameter keepsFailed: Whether a sink that fails ends the run.
    mutating func keep(keepsFailed: Bool) {
        for reason in self.dropped.keys where DropReason.isKept(reason, keepsFailed: keepsFailed) {
            self.stored += self.dropped.removeValue(forKey: reason) ?? 0
        }
    }
}

/// Why events are lost, as the report names it.
enum DropReason {
    static let noDeadLetter = "no_dead_letter"
    static let sinkFailed = "sink_failed"
    static let sinkFull = "sink_full"
    static let noRoute = "no_route"
    static let returned = "returned"
    static let abandoned = "abandoned"
    /// The queue was full, and drops what comes last, or what has waited longest.
    static let queueFull = "queue_full"

    /// Whether an event that a durable queue keeps stays there for the next run.
    ///
    /// - Parameters:
    ///   - reason: Why it finds no fate in this one.
    ///   - keepsFailed: Whether a sink that fails ends the run.
    static func isKept(_ reason: String, keepsFailed: Bool) -> Bool {
        reason == self.returned || reason == self.abandoned || (keepsFailed && reason == self.sinkFailed)
    }
}

/// Why the queue has refused an event.
enum RejectReason {
    static let queueFull = "queue_full"
    static let stopping = "stopping"
    /// The durable queue could not keep it.
    static let storeFailing = "store_failing"
    static let tooLarge = "too_large"

    /// The reason that an error of the queue stands for.
    static func of(_ error: PenstockError) -> String {
        switch error.code {
        case .full: self.queueFull
        case .tooLarge: self.tooLarge
        default: self.stopping
        }
    }
}

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

/// The keys of what Penstock logs.
enum LogKey {
    static let pool = "penstock.pool"
    static let pipeline = "penstock.pipeline"
    static let ledger = "penstock.ledger"
    static let balanced = "penstock.balanced"
    static let exit = "penstock.exit"
    static let error = "penstock.error"
    static let reason = "penstock.reason"
    static let job = "penstock.job"
    static let lease = "penstock.lease"
    static let accepted = "penstock.events.accepted"
    static let delivered = "penstock.events.delivered"
    static let deadLettered = "penstock.events.dead_lettered"
    static let inFlight = "penstock.events.in_flight"

    static func metadata(of ledger: Ledger, pool: String) -> Logger.Metadata {
        [Self.pool: "\(pool)", Self.ledger: "\(ledger)", Self.balanced: "\(ledger.isBalanced)"]
    }

    static func metadata(of report: PipelineReport) -> Logger.Metadata {
        [
            Self.pipeline: "\(report.pipeline)",
            Self.exit: "\(report.exit.name)",
            Self.balanced: "\(report.balanced)",
            Self.accepted: "\(report.events.accepted)",
            Self.delivered: "\(report.events.delivered)",
            Self.deadLettered: "\(report.events.deadLettered)",
            Self.inFlight: "\(report.events.inFlight)",
        ]
    }
}

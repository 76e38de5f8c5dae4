//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The snapshots of the last seconds, which a new one is compared with.
package struct StatusWindow: Sendable {
    private struct Moment {
        var at: UInt64
        var snapshot: PipelineSnapshot
    }

    /// How far rates look back.
    package static let length = Duration.seconds(5)
    /// One a second, and the one before the window.
    private static let momentsMax = 7

    private var moments: [Moment] = []
    /// Since when the queue has been full.
    private var fullSince: UInt64?

    package init() {}

    /// Keeps a snapshot; called once a second.
    package mutating func add(_ snapshot: PipelineSnapshot, at now: UInt64) {
        if let last = self.moments.last, last.at >= now { return }
        let isFull = self.isFull(snapshot, at: now)
        self.fullSince = isFull ? self.fullSince ?? self.moments.last?.at ?? now : nil
        self.moments.append(Moment(at: now, snapshot: snapshot))
        if self.moments.count > Self.momentsMax { self.moments.removeFirst() }
    }

    /// A snapshot, compared with the oldest one of the window.
    package func status(_ snapshot: PipelineSnapshot, at now: UInt64, time: Int64) -> PipelineStatus {
        let begin = now > Self.length.wholeNanoseconds ? now - Self.length.wholeNanoseconds : 0
        // Half a second of grace: ticks are not on the dot.
        let first = self.moments.first { $0.at + 500_000_000 >= begin && $0.at < now }
        guard let first else { return PipelineStatus(snapshot, time: time) }
        let window = Duration.nanoseconds(Int64(clamping: now - first.at))
        var status = PipelineStatus(snapshot, since: first.snapshot, window: window, time: time)
        if let since = self.fullSince, now > since { status.fullFor = .nanoseconds(Int64(clamping: now - since)) }
        return status
    }

    // MARK: - Private

    /// Whether sources were held for nearly all the time since the last moment, or are now and nothing is known of before.
    private func isFull(_ snapshot: PipelineSnapshot, at now: UInt64) -> Bool {
        guard let pool = snapshot.pool else { return false }
        guard let last = self.moments.last, let held = last.snapshot.pool?.producersHeld else {
            return pool.utilization >= 1
        }
        let elapsed = Duration.nanoseconds(Int64(clamping: now - last.at))
        return (pool.producersHeld - held) / elapsed > 0.9
    }
}

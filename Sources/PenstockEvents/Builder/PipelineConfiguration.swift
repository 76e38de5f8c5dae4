//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Limits and times of a pipeline.
public struct PipelineConfiguration: Sendable {
    /// What a full queue in memory does with events that come. It has a place for a batch of them, or none.
    public enum WhenFull: String, Sendable, CaseIterable {
        /// Their sources wait until there is a place.
        case wait
        /// They are refused and counted as rejected. A source that somebody waits for says so; others go on with what comes
        /// next.
        case reject
        /// They are dropped, and counted as `queue_full`.
        case dropNewest = "drop_newest"
        /// Those that have waited longest are dropped to make room, and counted as `queue_full`.
        case dropOldest = "drop_oldest"
    }

    /// The most events that wait for a worker; at least 1. Default: 10,000.
    public var queueEventsMax = 10_000
    /// The most memory that waiting events hold, in bytes. Default: 64 MiB.
    public var queueBytesMax = 64 << 20
    /// What a full queue in memory does. Default: sources wait, and nothing is lost. A ``StoredQueue`` has a policy of its own.
    public var queueWhenFull = WhenFull.wait
    /// How many workers run the steps. Default (nil): as many as there are cores to use.
    public var workers: Int?
    /// The longest line that is an event, in bytes without its line end. Default: 1 MiB, because longer ones are rarely
    /// meant.
    public var lineBytesMax = 1 << 20
    /// How long each sink and source of one's own, and a durable queue, may take to open; beyond it the run does not start. Default: 30 s.
    public var openTimeMax = Duration.seconds(30)
    /// How long sources go on after an order to drain, so that others may notice. Default: not at all.
    public var drainDelay = Duration.zero
    /// How long accepted events may take to find their fates when a source has failed. Default: 30 s.
    public var drainDeadline = Duration.seconds(30)
    /// Follows batches on their way. Default: nobody.
    public var tracing: (any PipelineTracing)?

    /// Creates the defaults.
    public init() {}
}

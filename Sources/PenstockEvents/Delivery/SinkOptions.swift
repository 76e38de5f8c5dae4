//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How events get to a sink.
public struct SinkOptions: Sendable, Equatable {
    /// What becomes of an event that finds the sink's queue full.
    public enum WhenFull: String, Sendable, CaseIterable {
        /// The workers wait, and so do all other sinks and the sources.
        case wait
        /// The event becomes a dead letter; without a sink for those it is dropped.
        case deadLetter = "dead_letter"
        /// The event is dropped, and counted as `sink_full`.
        case drop
    }

    /// Which events go to the sink: an expression as a filter has it; nil for all.
    public var when: String?
    /// What becomes of an event that finds the sink's queue full.
    ///
    /// Default (nil): ``WhenFull/wait`` if it is the only sink, because there is nothing else that it could hold up;
    /// ``WhenFull/deadLetter`` if there are others, because one dead sink must not stop them.
    public var whenFull: WhenFull?
    /// The most events that wait or are being written; at least 1. Default: 10,000.
    public var queueEventsMax = 10_000
    /// The most bytes of events that wait or are being written; one event may exceed it alone. Default: 16 MiB.
    public var queueBytesMax = 16 << 20
    /// The most events of a batch; at least 1. Default: 1,000.
    public var batchEventsMax = 1000
    /// The most bytes of a batch; one event may exceed it alone. Default: 1 MiB.
    public var batchBytesMax = 1 << 20
    /// How long a batch that is not full may wait for more events.
    ///
    /// Default: none. Batches still grow while writes are slower than events come.
    public var linger = Duration.zero
    /// The most writes at a time; at least 1.
    ///
    /// Default: 1, which keeps the order of the lane.
    public var concurrency = 1
    /// How often, and how soon, events are tried again.
    public var retry = SinkRetry()

    /// Creates the defaults.
    public init() {}

    /// What is wrong with the numbers, as the end of a sentence; nil when nothing is.
    var problem: String? {
        if self.queueEventsMax < 1 { return "a queue of at least 1 event, not \(self.queueEventsMax)" }
        if self.queueBytesMax < 1 { return "a queue of at least 1 byte, not \(self.queueBytesMax)" }
        if self.batchEventsMax < 1 { return "batches of at least 1 event, not \(self.batchEventsMax)" }
        if self.batchBytesMax < 1 { return "batches of at least 1 byte, not \(self.batchBytesMax)" }
        if !(1...1024).contains(self.concurrency) { return "1 to 1,024 writes at a time, not \(self.concurrency)" }
        if self.retry.attemptsMax < 1 { return "at least 1 attempt, not \(self.retry.attemptsMax)" }
        return nil
    }
}

/// How often, and how soon, events are tried again.
///
/// Between the attempts lies a random wait, from zero up to a bound that doubles with each failure (full jitter). Events
/// that have failed so often become dead letters; without a sink for those the run fails if it has no other sink, and
/// otherwise they are dropped and counted as `sink_failed`.
public struct SinkRetry: Sendable, Equatable {
    /// How often an event is tried in all; 1 is never to retry.
    ///
    /// Default: 8, which with the other defaults bridges about 6 s, and 13 s at most.
    public var attemptsMax = 8
    /// The longest wait after the first failure. Default: 100 ms.
    public var backoffInitial = Duration.milliseconds(100)
    /// The longest wait after any number of failures. Default: 10 s.
    public var backoffMax = Duration.seconds(10)

    /// Creates the defaults.
    public init() {}

    /// How long to wait after an attempt that failed.
    ///
    /// - Parameters:
    ///   - attempt: Which attempt failed, from 1.
    ///   - least: What the sink asks for.
    ///   - generator: Where chance comes from.
    func delay(
        afterAttempt attempt: Int,
        atLeast least: Duration?,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        var bound = max(.zero, self.backoffInitial)
        for _ in 1..<max(1, attempt) where bound < self.backoffMax { bound += bound }
        bound = min(bound, max(.zero, self.backoffMax))
        let share = Double.random(in: 0...1, using: &generator)
        return max(bound * share, least ?? .zero)
    }
}

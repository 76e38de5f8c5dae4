//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a durable queue keeps, and whether it takes more, at one instant.
public struct StoreSnapshot: Sendable, Equatable {
    /// Events that it keeps, those of former runs among them.
    public var events = 0
    /// Bytes that they count towards the limit.
    public var bytes = 0
    /// The limit.
    public var bytesMax = 0
    /// Events that it keeps and has not handed on to the workers' queue.
    public var waiting = 0
    /// How long the oldest event has been kept; of those that a former run has left, since this one began.
    public var oldestAge = Duration.zero
    /// Whether there is no room within the limit: a source waits for some, or was refused.
    public var isFull = false
    /// What becomes of events that find it full, or its disk.
    public var whenFull = DurableQueueOptions.WhenFull.wait
    /// Why it cannot write now; nil while it can.
    ///
    /// It is what the last attempt has said, until one succeeds, or until the last one is ten seconds old and nothing is there to be
    /// written: then nobody knows.
    public var failure: String?

    /// Creates the snapshot of an empty queue.
    public init() {}

    /// How full it is, from 0 to 1.
    public var utilization: Double { self.bytesMax > 0 ? Double(self.bytes) / Double(self.bytesMax) : 0 }
}

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

/// The most memory the events of a pipeline may hold at once.
struct MemoryEstimate: Equatable {
    /// What one reader or writer holds besides the queue: its buffer, which grows to the longest line.
    static let bufferBytes = 1 << 20

    let queueBytes: Int
    let buffersBytes: Int
    /// What waits for sinks, in their lanes.
    let lanesBytes: Int
    /// What clients can make sources hold that listen for them.
    let clientsBytes: Int
    /// What a durable queue holds on its way to the store and back, and for batches in open windows.
    let storeBytes: Int
    /// What the groups of an aggregate take.
    let groupsBytes: Int
    /// What those who watch make the program hold.
    let adminBytes: Int
    /// What the system and Swift take before the first event; measured on Linux.
    let programBytes = 20_000_000

    /// What the admin server's code and its snapshots take; measured on Linux.
    private static let adminBytes = 16_000_000

    init(_ description: PipelineDescription, isWatched: Bool = false) {
        self.adminBytes = isWatched ? Self.adminBytes : 0
        let ends = description.sources.count + description.sinks.count + (description.deadLetter == nil ? 0 : 1)
        let workers = description.workers ?? ProcessorCount.available()
        self.queueBytes = description.queue.bytes
        if case .durable = description.queue.store {
            self.storeBytes = 3 * min(DurableQueueOptions.stageBytes, description.queue.bytes) + 24_000_000
        } else {
            self.storeBytes = 0
        }
        self.lanesBytes = description.sinks.reduce(0) { sum, sink in
            sink.kind == .null ? sum : sum + sink.options.queueBytesMax
        }
        self.clientsBytes = Self.clientsBytes(description)
        self.groupsBytes = description.steps.reduce(0) { sum, step in
            if case .aggregate(let aggregate) = step { sum + aggregate.memoryBytesMax } else { sum }
        }
        self.buffersBytes = (ends + workers) * max(Self.bufferBytes, description.lineBytesMax)
    }

    var total: Int {
        self.queueBytes + self.storeBytes + self.lanesBytes + self.buffersBytes + self.clientsBytes + self.groupsBytes
            + self.adminBytes + self.programBytes
    }

    var text: String {
        "at most about \(shown(bytes: self.total)): queue \(shown(bytes: self.queueBytes)), "
            + (self.storeBytes > 0 ? "durable queue \(shown(bytes: self.storeBytes)), " : "")
            + "sinks' queues \(shown(bytes: self.lanesBytes)), "
            + (self.clientsBytes > 0 ? "clients \(shown(bytes: self.clientsBytes)), " : "")
            + (self.groupsBytes > 0 ? "groups \(shown(bytes: self.groupsBytes)), " : "")
            + (self.adminBytes > 0 ? "admin \(shown(bytes: self.adminBytes)), " : "")
            + "buffers \(shown(bytes: self.buffersBytes)), program \(shown(bytes: self.programBytes)); "
            + "less when events are small"
    }
}

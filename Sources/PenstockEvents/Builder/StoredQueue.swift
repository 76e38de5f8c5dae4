//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps accepted events in a store that outlives the process, until each has its fate.
///
/// It stands between the sources and what decodes their events. Without it events wait in memory.
public struct StoredQueue: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a queue.
    ///
    /// - Parameters:
    ///   - store: Where events are kept.
    ///   - options: How it takes events.
    public init(in store: any DurableEventStore, options: DurableQueueOptions = DurableQueueOptions()) {
        self.part = PipelinePart(.queue(.durable(OwnStore(store), options)))
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The store of a durable queue before it is open, and while it is opened.
final class StoreOpening: Sendable {
    private let store: any DurableEventStore
    private let options: DurableQueueOptions
    private let contents = Locked<StoreContents?>(nil)

    /// The store of a queue; nil when the queue is in memory.
    init?(_ queue: QueueStore) {
        guard case .durable(let own, let options) = queue else { return nil }
        self.store = own.store
        self.options = options
    }

    /// What opens it, among the sinks and sources of the user's own.
    var part: Opening.Part {
        Opening.Part(
            failure: { [store] in PipelineProblem(.queue, OpenStore.failure($0, of: store)) },
            open: {
                let contents = try await self.store.open()
                self.contents.withLock { $0 = contents }
            },
            close: { try? await self.store.close() }
        )
    }

    /// The store, once ``part`` has opened it.
    var result: OpenStore? {
        self.contents.withLock { $0 }.map { OpenStore(store: self.store, contents: $0, options: self.options) }
    }
}

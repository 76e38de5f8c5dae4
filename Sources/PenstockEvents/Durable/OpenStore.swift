//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The store of a durable queue, open.
struct OpenStore: Sendable {
    let store: any DurableEventStore
    let contents: StoreContents
    let options: DurableQueueOptions

    /// Why a store cannot be opened.
    static func failure(_ error: any Error, of store: any DurableEventStore) -> PenstockError {
        let reason = (error as? PenstockError)?.message ?? "\(error)"
        return PenstockError(
            .ofOpening(error),
            "The durable queue cannot be opened in \(store.name): \(reason).",
            underlyingError: error
        )
    }
}

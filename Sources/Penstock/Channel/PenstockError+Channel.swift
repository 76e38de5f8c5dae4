//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension PenstockError {
    @usableFromInline
    @inline(never)
    static func closedChannel(acceptedCount: Int) -> PenstockError {
        PenstockError(.closed, "The channel is finished and takes nothing more.", acceptedCount: acceptedCount)
    }

    @usableFromInline
    @inline(never)
    static func cancelledSend(acceptedCount: Int) -> PenstockError {
        PenstockError(
            .cancelled,
            "The task was cancelled while it waited for a place; the element was not sent.",
            acceptedCount: acceptedCount
        )
    }

    @usableFromInline
    @inline(never)
    static func cancelledReceive() -> PenstockError {
        PenstockError(.cancelled, "The task was cancelled while it waited for an element; none was taken.")
    }
}

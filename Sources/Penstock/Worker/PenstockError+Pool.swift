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
    static func closedPool(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(.closed, "The pool \(name) is draining and takes no more jobs.", acceptedCount: acceptedCount)
    }

    @usableFromInline
    @inline(never)
    static func cancelledSubmit(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(
            .cancelled,
            "The task was cancelled while it waited for a place in the pool \(name); the job was not accepted.",
            acceptedCount: acceptedCount
        )
    }

    @usableFromInline
    @inline(never)
    static func tooLargeJob(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(
            .tooLarge,
            "The job is larger than the whole queue of the pool \(name) may ever hold.",
            acceptedCount: acceptedCount
        )
    }

    @usableFromInline
    @inline(never)
    static func missingOutcome() -> PenstockError {
        PenstockError(.missingOutcome, "The batch handler returned without an outcome for this job.")
    }
}

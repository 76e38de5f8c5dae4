//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension PenstockError.Code {
    /// A resource pool cannot create resources.
    public static let creationFailed = PenstockError.Code("creationFailed")
}

extension PenstockError {
    static func closedPool(ofResources name: String) -> PenstockError {
        PenstockError(.closed, "The pool \(name) is draining and leases no more resources.")
    }

    static func cancelledLease(_ name: String) -> PenstockError {
        PenstockError(.cancelled, "The task was cancelled while it waited for a resource of the pool \(name).")
    }

    static func fullLine(_ name: String) -> PenstockError {
        PenstockError(.full, "Too many wait for a resource of the pool \(name) already.")
    }

    static func lateLease(_ name: String, _ error: (any Error)?) -> PenstockError {
        let reason = error.map { " The last creation of one failed: \($0)" } ?? ""
        return PenstockError(
            .timedOut,
            "No resource of the pool \(name) was free in time.\(reason)",
            underlyingError: error
        )
    }

    static func failedCreation(_ name: String, _ error: any Error) -> PenstockError {
        PenstockError(
            .creationFailed,
            "The pool \(name) cannot create resources. The last creation failed: \(error)",
            underlyingError: error
        )
    }

    static func hungCreation() -> PenstockError {
        PenstockError(.timedOut, "The creation of a resource took too long; its slot was given back.")
    }
}

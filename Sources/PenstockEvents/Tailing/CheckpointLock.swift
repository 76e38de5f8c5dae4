//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Keeps a second follower from a checkpoint: each would write over what the other has noted.
///
/// The checkpoint itself is replaced each time, so a file beside it is claimed. It stays when the run is over: to remove it
/// would take it from under somebody who has just claimed it.
enum CheckpointLock {
    /// Claims a checkpoint until the file is let go.
    static func take(_ checkpoint: String) throws(PenstockError) -> FileDescriptor {
        switch FileDescriptor.open(Self.path(of: checkpoint), O_RDWR | O_CREAT) {
        case .success(let file):
            guard file.claim(.exclusive) else { throw Self.inUse(checkpoint) }
            return file
        case .failure(let failure):
            throw PenstockError(
                .inputOutput,
                "the checkpoint \"\(checkpoint)\" cannot be written: \(failure).",
                underlyingError: failure
            )
        }
    }

    /// Looks whether somebody has claimed a checkpoint; changes nothing.
    static func check(_ checkpoint: String) throws(PenstockError) {
        guard case .success(let file) = FileDescriptor.open(Self.path(of: checkpoint), O_RDONLY) else { return }
        if !file.claim(.shared) { throw Self.inUse(checkpoint) }
    }

    private static func path(of checkpoint: String) -> String { checkpoint + ".lock" }

    private static func inUse(_ checkpoint: String) -> PenstockError {
        let reason = "another run follows with the checkpoint \"\(checkpoint)\""
        let hint = "wait until it has ended, or give this source a checkpoint of its own"
        return PenstockError(.inputOutput, "\(reason).", underlyingError: HintedCause(reason, hint: hint))
    }
}

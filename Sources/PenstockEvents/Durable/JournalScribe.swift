//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Makes stored batches of batches, and batches of stored ones.
struct JournalScribe: Sendable {
    /// What a row of a table needs besides its lines, about.
    static let rowBytes = 96

    private let sourceNames: [String]
    private let session: UInt64
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    private let stripsCarriageReturn: Bool

    /// Creates a scribe for a run.
    ///
    /// - Parameters:
    ///   - description: What is run.
    ///   - origin: Nanoseconds since 1970 at the origin of the clock.
    ///   - session: The session of sources that have none of their own.
    init(_ description: PipelineDescription, origin: Int64, session: UInt64) {
        self.sourceNames = description.sources.map(\.name)
        self.session = session
        self.origin = origin
        self.stripsCarriageReturn = description.decode != .raw
    }

    /// What a store is to keep of a batch.
    func stored(_ batch: EventBatch, number: Int64) -> StoredBatch {
        StoredBatch(
            batch,
            number: number,
            source: self.sourceNames[batch.sourceIndex],
            session: self.session,
            receivedAt: self.origin + Int64(clamping: batch.arrival),
            stripsCarriageReturn: self.stripsCarriageReturn
        )
    }

    /// The batch that a store has given back.
    func batch(_ stored: StoredBatch, _ packer: inout BatchPacker) -> EventBatch {
        // Before the clock began, if the machine was started since then.
        let arrival = UInt64(max(0, stored.receivedAt.subtractingReportingOverflow(self.origin).partialValue))
        let sourceIndex = self.sourceNames.firstIndex(of: stored.source) ?? 0
        return packer.unpack(stored, sourceIndex: sourceIndex, arrival: arrival)
    }
}

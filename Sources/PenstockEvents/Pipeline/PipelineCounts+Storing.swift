//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// What a durable queue keeps.
extension PipelineCounts {
    /// Creates the ledgers of a run, of zeros.
    convenience init(of endpoints: Endpoints) {
        // A sink that fails ends the run if it is the only one, and the sink for dead letters always does.
        let keepsFailed = endpoints.sinks.count == 1 || endpoints.deadLetter != nil
        self.init(
            sinkCount: endpoints.sinks.count,
            sourceCount: endpoints.sources.count,
            keepsFailed: keepsFailed,
            isDurable: endpoints.store != nil
        )
    }

    /// A former run has left events.
    func recover(_ count: Int) {
        self.change { state in
            state.totals.events.offered += count
            state.totals.events.accepted += count
            state.totals.events.inFlight += count
            state.totals.events.recovered += count
        }
    }

    /// A batch is safe in the durable queue: its source hears so, and from now on the queue waits for its fates.
    func store(_ batch: EventBatch, for receipt: BatchReceipt) {
        self.change { state in
            guard case .offered = batch.stage else { return }
            state.totals.accept(batch)
            state.settle(batch.receipt, batch.count, .stored)
            receipt.add(batch.count)
            _ = receipt.complete()
            batch.receipt = receipt
            batch.isStored = true
        }
    }

    /// A batch has come back from the durable queue, of events that were counted as accepted when they came.
    func recall(_ batch: EventBatch, for receipt: BatchReceipt) {
        self.change { _ in
            batch.stage = .accepted(open: batch.count)
            receipt.add(batch.count)
            _ = receipt.complete()
            batch.receipt = receipt
            batch.isStored = true
        }
    }

    /// The durable queue hands events on.
    func feed(_ count: Int) {
        self.change { $0.totals.fed += count }
    }

    /// The workers' queue has not taken them.
    func unfeed(_ count: Int) {
        self.change { $0.totals.unfed += count }
    }

    /// The run is over, and these events were never handed on.
    func leave(_ count: Int) {
        self.change { state in
            state.totals.events.inFlight -= count
            state.totals.events.stored += count
        }
    }
}

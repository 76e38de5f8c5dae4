//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

/// Takes what a source hands over.
///
/// It cuts lines into events and batches into such as the queue takes, and counts what it offers.
public final class SourceFeed: Sendable {
    /// The name of the source.
    public let name: String
    private let index: Int
    private let session: UInt64
    private let limits: LineFramer.Limits
    private let buffers: EventBufferPool
    private let intake: SourceIntake
    private let stop: StopSignal
    private let time: TimeSource
    private let settlements: SettlementDesk?
    private let nextPosition = Locked(UInt64(1))

    init(
        name: String,
        index: Int,
        session: UInt64,
        limits: LineFramer.Limits,
        buffers: EventBufferPool,
        intake: SourceIntake,
        stop: StopSignal,
        time: TimeSource,
        settlements: SettlementDesk?
    ) {
        self.name = name
        self.index = index
        self.session = session
        self.limits = limits
        self.buffers = buffers
        self.intake = intake
        self.stop = stop
        self.time = time
        self.settlements = settlements
    }

    /// Whether it is time to stop.
    public var isStopping: Bool { self.stop.isStopped }

    /// Hands over a batch, and waits while the queue is full.
    ///
    /// - Parameter batch: The events. Without any there is nothing to wait for, and a source that is told of its batches
    ///   is told of this one too.
    /// - Throws: `closed` when it is time to stop, `cancelled` when the task was; its `acceptedCount` says how many
    ///   events, the first ones, were taken.
    public func send(_ batch: SourceBatch) async throws(PenstockError) {
        let receipt = self.settlements.map { BatchReceipt(batch.id, desk: $0) }
        let arrival = self.time.now()
        var position = batch.firstPosition ?? self.nextPosition.withLock { $0 }
        var accepted = 0
        var refusal: PenstockError?
        var rest = batch.lines[...]
        var framer = LineFramer(limits: self.limits, pool: self.buffers, sourceIndex: self.index)
        framer.begin(at: position, session: batch.session ?? self.session)
        while refusal == nil, !rest.isEmpty {
            let count = Self.copy(rest, into: framer.space())
            framer.received(count)
            rest = rest.dropFirst(count)
            refusal = await self.handOver(&framer, arrival, receipt, &accepted)
        }
        if refusal == nil {
            framer.finish()
            refusal = await self.handOver(&framer, arrival, receipt, &accepted)
        }
        position = framer.position
        self.nextPosition.withLock { $0 = position }
        receipt.map { self.intake.complete($0) }
        if let refusal {
            throw PenstockError(refusal.code, refusal.message, underlyingError: refusal, acceptedCount: accepted)
        }
    }

    // MARK: - Private

    /// Hands over what the framer has cut; nil when all of it was taken.
    private func handOver(
        _ framer: inout LineFramer,
        _ arrival: UInt64,
        _ receipt: BatchReceipt?,
        _ accepted: inout Int
    ) async -> PenstockError? {
        while let piece = framer.next(arrival: arrival) {
            piece.receipt = receipt
            if let refusal = await self.intake.handOver(piece) { return refusal }
            accepted += piece.count
        }
        return nil
    }

    private static func copy(_ bytes: ArraySlice<UInt8>, into space: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count, space.count)
        bytes.prefix(count).withUnsafeBytes { space.copyMemory(from: $0) }
        return count
    }
}

/// Where batches go that sources hand over: the seam between sources and what keeps their events.
///
/// Today that is the queue in memory, and an event is the run's from the moment it is taken. A durable queue stands here:
/// it writes the batch down, settles its receipt as stored, and is itself an ``AcknowledgedSource`` whose batches go on to
/// the queue in memory, and which deletes what has been settled.
struct SourceIntake: Sendable {
    let counts: PipelineCounts
    let stop: StopSignal
    /// Takes a batch, waiting while there is no place for it.
    let accept: @Sendable (EventBatch) async throws(PenstockError) -> Void

    /// Hands a batch over; nil when it was taken, and why not otherwise.
    func handOver(_ batch: EventBatch) async -> PenstockError? {
        guard !self.stop.isStopped else {
            self.counts.refuse(batch)
            return PenstockError(.closed, "The pipeline takes no more events.")
        }
        self.counts.offer(batch)
        do throws(PenstockError) {
            try await self.accept(batch)
            self.counts.accept(batch)
            return nil
        } catch {
            self.counts.reject(batch)
            return error
        }
    }

    /// A batch was handed over as far as it will be.
    func complete(_ receipt: BatchReceipt) {
        self.counts.complete(receipt)
    }
}

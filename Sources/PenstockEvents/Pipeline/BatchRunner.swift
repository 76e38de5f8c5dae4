//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Runs the steps over batches; what workers call.
final class BatchRunner: Sendable {
    /// Events as a stretch of steps finds them: slices of some bytes.
    struct Input {
        let bytes: UnsafePointer<UInt8>
        let slices: UnsafeBufferPointer<EventSlice>
        let batch: EventBatch
        /// When the worker began the batch.
        let now: UInt64

        func line(_ slice: EventSlice) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: self.bytes + Int(slice.offset), count: Int(slice.length))
        }

        func position(of slice: EventSlice) -> UInt64 { self.batch.firstPosition + UInt64(slice.positionOffset) }
    }

    let steps: CompiledSteps
    let sinks: SinkGroup
    private let windows: WindowKeeper?
    private let pipelineName: String
    private let sourceNames: [String]
    private let tracing: (any PipelineTracing)?
    private let lineBytesMax: Int
    private let time: TimeSource
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    /// The session of sources that have none of their own.
    let session: UInt64
    /// Those that took longest.
    let slowest = SlowBatches()
    /// Which key most events have; nil where none has one.
    let keys: KeyWatch?
    /// One for each worker that has run at the same time as others.
    private let desks: Locked<[BatchDesk]>

    init(
        steps: CompiledSteps,
        sinks: SinkGroup,
        windows: WindowKeeper?,
        description: PipelineDescription,
        time: TimeSource,
        origin: Int64,
        session: UInt64
    ) {
        self.steps = steps
        self.sinks = sinks
        self.windows = windows
        self.pipelineName = description.name
        self.sourceNames = description.sources.map(\.name)
        self.tracing = description.tracing
        self.lineBytesMax = description.lineBytesMax
        self.time = time
        self.origin = origin
        self.session = session
        self.keys = steps.aggregate.flatMap { $0.by.isEmpty ? nil : KeyWatch() }
        self.desks = Locked([])
    }

    /// Gives each event of a batch its fate, or brings it on its way to its sinks.
    func run(_ batch: EventBatch) async {
        guard let tracing = self.tracing else { return await self.runUntraced(batch) }
        let traced = TracedBatch(
            pipeline: self.pipelineName,
            source: self.sourceName(of: batch),
            position: batch.firstPosition,
            events: batch.count,
            origin: batch.origin
        )
        await tracing.trace(traced) { await self.runUntraced(batch) }
    }

    func drafts(for batch: EventBatch) -> SinkDrafts {
        SinkDrafts(
            sinkCount: self.sinks.ports.count,
            source: self.sourceName(of: batch),
            session: batch.session ?? self.session,
            receivedAt: self.receivedAt(batch)
        )
    }

    func sourceName(of batch: EventBatch) -> String {
        batch.recalled?.source ?? self.sourceNames[batch.sourceIndex]
    }

    /// When a batch arrived, in nanoseconds since 1970.
    func receivedAt(_ batch: EventBatch) -> Int64 {
        batch.recalled?.receivedAt ?? self.origin + Int64(clamping: batch.arrival)
    }

    @inline(never)
    func deadLetter(_ reason: String, _ slice: EventSlice, _ input: Input, _ desk: inout BatchDesk) {
        let position = input.position(of: slice)
        self.deadLetter(reason, input.line(slice), position: position, input.batch, at: input.now, &desk)
    }

    func deadLetter(
        _ reason: String,
        _ line: UnsafeRawBufferPointer,
        position: UInt64,
        _ batch: EventBatch,
        at now: UInt64,
        _ desk: inout BatchDesk
    ) {
        desk.reason = reason
        guard self.sinks.letters.isOpen else {
            desk.fates.drop(1, DropReason.noDeadLetter)
            return
        }
        var isCut = false
        if case .lineTooLong = batch.defect { isCut = true }
        let letter = DeadLetter(
            source: self.sourceName(of: batch),
            position: position,
            reason: reason,
            time: self.origin + Int64(clamping: now),
            isCut: isCut
        )
        letter.append(event: line, to: &desk.letters)
        desk.letterCount += 1
    }

    // MARK: - Private

    private func runUntraced(_ batch: EventBatch) async {
        var desk = self.desks.withLock { $0.popLast() } ?? BatchDesk(fieldCount: self.steps.fieldCount)
        let now = self.time.now()
        var lease = self.windows?.lease(at: now)
        if self.keys != nil { desk.keys.begin(events: batch.count) }
        switch batch.defect {
        case .none:
            if self.steps.hasStretches {
                await self.runStretches(batch, at: now, &desk, &lease)
            } else {
                let stretch = self.steps.last
                batch.withEvents { bytes, slices in
                    let input = Input(bytes: bytes, slices: slices, batch: batch, now: now)
                    self.runLast(stretch, input, &desk, &lease)
                }
            }
        case .lineTooLong:
            let reason = DeadLetter.lineTooLong(limit: self.lineBytesMax)
            batch.withEvents { bytes, slices in
                let input = Input(bytes: bytes, slices: slices, batch: batch, now: now)
                for slice in slices { self.deadLetter(reason, slice, input, &desk) }
            }
        case .damaged:
            batch.withEvents { bytes, slices in
                let input = Input(bytes: bytes, slices: slices, batch: batch, now: now)
                for slice in slices { self.deadLetter(DeadLetter.damaged, slice, input, &desk) }
            }
        }
        self.keys?.note(desk.keys, at: now)
        await self.finish(batch, &desk, lease.take())
        let end = self.time.now()
        self.slowest.note(batch, source: self.sourceName(of: batch), elapsed: end &- now, now: end)
        desk.clear()
        self.desks.withLock { $0.append(desk) }
    }

    /// Counts the fates that the events of a batch have by now, and brings the others to their sinks.
    private func finish(_ batch: EventBatch, _ desk: inout BatchDesk, _ lease: consuming WindowKeeper.Lease?) async {
        let letters = self.sinks.letters
        if let reason = desk.reason { letters.reasons.note(reason, by: .steps, isLost: !letters.isOpen) }
        let letterCount = desk.letterCount
        if letterCount > 0 {
            let delivered = await letters.write(desk.letters, count: letterCount)
            desk.fates.deadLettered += delivered
            desk.fates.drop(letterCount - delivered, DropReason.sinkFailed)
        }
        var waiting: WindowReceipt?
        if let receipt = batch.receipt, desk.fates.aggregated > 0 {
            waiting = WindowReceipt(receipt: receipt, count: desk.fates.aggregated, isStored: batch.isStored)
        }
        guard await self.release(lease, waiting) else { return }
        let latency = self.time.now() &- batch.arrival
        self.sinks.counts.end(batch, desk.fates, stepLetters: desk.fates.deadLettered, latency: latency)
        if let drafts = desk.drafts, !drafts.isEmpty { await self.sinks.deliver(drafts, for: .batch(batch)) }
    }

    /// Gives the table back, and brings the rows of its window to the sinks when it was the last.
    ///
    /// False: nobody counts it any more.
    private func release(_ lease: consuming WindowKeeper.Lease?, _ waiting: WindowReceipt?) async -> Bool {
        guard let windows = self.windows, let lease else { return true }
        switch windows.release(lease, waiting) {
        case .kept: return true
        case .closed(let window):
            await self.sinks.deliverRows(of: window)
            return true
        case .tooLate: return false
        }
    }
}

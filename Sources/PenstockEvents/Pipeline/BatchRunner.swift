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

    /// What becomes of one event.
    private enum Verdict {
        case routed
        case filtered
        case aggregated
        case deadLetter(String)
    }

    private let steps: CompiledSteps
    private let sinks: SinkGroup
    private let windows: WindowKeeper?
    private let pipelineName: String
    private let sourceNames: [String]
    private let tracing: (any PipelineTracing)?
    private let lineBytesMax: Int
    private let time: TimeSource
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    /// The session of sources that have none of their own.
    private let session: UInt64
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

    /// Runs the last stretch of steps, and writes what comes out of it if the sinks take it at once.
    private func runLast(
        _ stretch: CompiledSteps.Stretch,
        _ input: Input,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) {
        if lease == nil, !self.sinks.mayDoWithoutCopies { desk.drafts = self.drafts(for: input.batch) }
        self.run(stretch, isLast: true, input, &desk, &lease)
        let count = desk.routed.count
        guard count > 0 else { return }
        var written: [Int]?
        switch desk.withRouted(input.bytes, { self.sinks.writeAtOnce($0, lines: count) }) {
        case .delivered:
            desk.fates.delivered += count
            return
        case .dropped:
            desk.fates.drop(count, DropReason.sinkFull)
            return
        case .partly(let counts): written = counts
        case .needsCopies: break
        }
        var drafts = self.drafts(for: input.batch)
        for place in desk.routed {
            let slice = input.slices[Int(place)]
            drafts.add(input.line(slice), position: input.position(of: slice), to: self.sinks.everySink)
        }
        drafts.written = written
        desk.drafts = drafts
    }

    private func drafts(for batch: EventBatch) -> SinkDrafts {
        SinkDrafts(
            sinkCount: self.sinks.ports.count,
            source: self.sourceName(of: batch),
            session: batch.session ?? self.session,
            receivedAt: self.receivedAt(batch)
        )
    }

    private func sourceName(of batch: EventBatch) -> String {
        batch.recalled?.source ?? self.sourceNames[batch.sourceIndex]
    }

    /// When a batch arrived, in nanoseconds since 1970.
    private func receivedAt(_ batch: EventBatch) -> Int64 {
        batch.recalled?.receivedAt ?? self.origin + Int64(clamping: batch.arrival)
    }

    /// Runs stretches of steps one behind the other.
    private func runStretches(
        _ batch: EventBatch,
        at now: UInt64,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) async {
        var events: Events?
        for stretch in self.steps.stretches {
            if let events {
                events.withSlices(from: batch.firstPosition) { bytes, slices in
                    let input = Input(bytes: bytes, slices: slices, batch: batch, now: now)
                    self.runAny(stretch, input, &desk, &lease)
                }
            } else {
                batch.withEvents { bytes, slices in
                    let input = Input(bytes: bytes, slices: slices, batch: batch, now: now)
                    self.runAny(stretch, input, &desk, &lease)
                }
            }
            let survivors = desk.survivors
            desk.survivors = Events()
            guard !survivors.isEmpty else { return }
            switch stretch.ending {
            case .none: return
            case .rewrite: events = survivors
            case .own(let step): events = await self.handle(survivors, by: step, batch, at: now, &desk)
            }
        }
    }

    private func runAny(
        _ stretch: CompiledSteps.Stretch,
        _ input: Input,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) {
        guard let ending = stretch.ending else {
            self.runLast(stretch, input, &desk, &lease)
            return
        }
        desk.survivors.groups = [
            Events.Group(
                source: self.sourceName(of: input.batch),
                session: input.batch.session ?? self.session,
                receivedAt: self.receivedAt(input.batch),
                routed: nil
            )
        ]
        switch ending {
        case .own: self.run(stretch, isLast: false, input, &desk, &lease)
        case .rewrite(let rewrite): self.run(stretch, rewrite, input, &desk, &lease)
        }
    }

    /// Runs a stretch of steps that ends with other bytes for each event.
    private func run(
        _ stretch: CompiledSteps.Stretch,
        _ rewrite: EventRewrite,
        _ input: Input,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) {
        var fields: [JSONField] = []
        swap(&fields, &desk.found)
        var survivors = Events()
        swap(&survivors, &desk.survivors)
        fields.withUnsafeMutableBufferPointer { found in
            for slice in input.slices {
                let line = input.line(slice)
                switch self.verdict(on: line, stretch, isLast: false, found, &lease) {
                case .filtered: desk.fates.filtered += 1
                case .deadLetter(let reason): self.deadLetter(reason, slice, input, &desk)
                case .routed, .aggregated:
                    let event = EventView(line: line, fields: UnsafeBufferPointer(found))
                    let problem = survivors.append(position: input.position(of: slice), group: 0) { output in
                        rewrite.apply(to: event, &output, &desk.rewriting)
                    }
                    if let problem { self.deadLetter(problem, slice, input, &desk) }
                }
            }
        }
        swap(&survivors, &desk.survivors)
        swap(&fields, &desk.found)
    }

    /// Lets a step of the user's own handle events.
    ///
    /// - Returns: Those that go on.
    private func handle(
        _ events: Events,
        by step: any EventStep,
        _ batch: EventBatch,
        at now: UInt64,
        _ desk: inout BatchDesk
    ) async -> Events {
        var fates: [StepFate] = []
        var failure = "the step gave no fate for this event"
        do {
            fates = try await step.handle(events)
        } catch {
            failure = (error as? PenstockError)?.message ?? "\(error)"
        }
        var next = Events()
        next.groups = events.groups
        let refuse = { (reason: String, mark: Events.Mark, desk: inout BatchDesk) in
            events.lines.withUnsafeBytes { bytes in
                let line = UnsafeRawBufferPointer(rebasing: bytes[mark.start..<mark.start + mark.length])
                self.deadLetter(reason, line, position: mark.position, batch, at: now, &desk)
            }
        }
        for (place, mark) in events.marks.enumerated() {
            guard place < fates.count else {
                refuse(failure, mark, &desk)
                continue
            }
            switch fates[place].kind {
            case .keep: next.append(place..<place + 1, ofSameGroups: events)
            case .end: desk.fates.filtered += 1
            case .refuse(let reason): refuse(reason, mark, &desk)
            case .replace(let bytes) where bytes.isEmpty || bytes.contains(UInt8(ascii: "\n")):
                refuse("the step made it no line: \(bytes.isEmpty ? "empty" : "an LF in it")", mark, &desk)
            case .replace(let bytes):
                bytes.withUnsafeBytes { next.append($0, position: mark.position, index: 0, group: mark.group) }
            }
        }
        return next
    }

    private func run(
        _ stretch: CompiledSteps.Stretch,
        isLast: Bool,
        _ input: Input,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) {
        var fields: [JSONField] = []
        swap(&fields, &desk.found)
        let bytes = input.bytes
        let drafted = desk.drafts != nil
        fields.withUnsafeMutableBufferPointer { found in
            for (place, slice) in input.slices.enumerated() {
                let line = UnsafeRawBufferPointer(start: bytes + Int(slice.offset), count: Int(slice.length))
                switch self.verdict(on: line, stretch, isLast: isLast, found, &lease) {
                case .routed where !isLast:
                    desk.survivors.append(line, position: input.position(of: slice), index: 0, group: 0)
                case .routed where drafted:
                    let event = EventView(line: line, fields: UnsafeBufferPointer(found))
                    self.draft(event, position: input.position(of: slice), &desk)
                case .routed: desk.route(slice, at: place, bytes)
                case .filtered: desk.fates.filtered += 1
                case .aggregated:
                    desk.fates.aggregated += 1
                    if desk.keys.takesNext() { self.takeKey(&desk, &lease) }
                case .deadLetter(let reason): self.deadLetter(reason, slice, input, &desk)
                }
            }
        }
        swap(&fields, &desk.found)
    }

    /// Notes the key of the event that was aggregated last.
    @inline(never)
    private func takeKey(_ desk: inout BatchDesk, _ lease: inout WindowKeeper.Lease?) {
        guard let seed = self.keys?.seed else { return }
        lease?.table.withLastKey { desk.keys.take($0, hash: GroupIndex.hash($0, seed: seed)) }
    }

    private func draft(_ event: EventView, position: UInt64, _ desk: inout BatchDesk) {
        let route = self.sinks.route(event)
        guard route.mask != 0 else {
            desk.fates.drop(1, DropReason.noRoute)
            return
        }
        desk.drafts?.add(event.line, position: position, to: route)
    }

    @inline(__always)
    private func verdict(
        on line: UnsafeRawBufferPointer,
        _ stretch: borrowing CompiledSteps.Stretch,
        isLast: Bool,
        _ found: UnsafeMutableBufferPointer<JSONField>,
        _ lease: inout WindowKeeper.Lease?
    ) -> Verdict {
        if stretch.scansJSON, let problem = JSONScanner.scan(line, for: stretch.fields, into: found) {
            return .deadLetter(problem.reason)
        }
        let event = EventView(line: line, fields: UnsafeBufferPointer(found))
        if let filters = stretch.filters {
            switch filters.evaluate(event) {
            case .keep: break
            case .drop: return .filtered
            case .failed(let reason): return .deadLetter(reason)
            }
        }
        guard isLast, lease != nil else { return .routed }
        if case .some(.some(let reason)) = lease?.table.add(event) { return .deadLetter(reason) }
        return .aggregated
    }

    @inline(never)
    private func deadLetter(_ reason: String, _ slice: EventSlice, _ input: Input, _ desk: inout BatchDesk) {
        let position = input.position(of: slice)
        self.deadLetter(reason, input.line(slice), position: position, input.batch, at: input.now, &desk)
    }

    private func deadLetter(
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

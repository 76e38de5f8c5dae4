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
    private let sourceNames: [String]
    private let lineBytesMax: Int
    private let time: TimeSource
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    /// One for each worker that has run at the same time as others.
    private let desks: Locked<[BatchDesk]>

    init(
        steps: CompiledSteps,
        sinks: SinkGroup,
        windows: WindowKeeper?,
        description: PipelineDescription,
        time: TimeSource,
        origin: Int64
    ) {
        self.steps = steps
        self.sinks = sinks
        self.windows = windows
        self.sourceNames = description.sources.map(\.name)
        self.lineBytesMax = description.lineBytesMax
        self.time = time
        self.origin = origin
        self.desks = Locked([])
    }

    /// Gives each event of a batch its fate.
    func run(_ batch: EventBatch) {
        var desk = self.desks.withLock { $0.popLast() } ?? BatchDesk(fieldCount: self.steps.fields.count)
        let now = self.time.now()
        var lease = self.windows?.lease(at: now)
        batch.withEvents { bytes, slices in
            switch batch.defect {
            case .none:
                self.runSteps(bytes, slices, of: batch, at: now, &desk, &lease)
                self.writeRouted(bytes, &desk)
            case .lineTooLong:
                let reason = DeadLetter.lineTooLong(limit: self.lineBytesMax)
                for slice in slices { self.deadLetter(reason, bytes, slice, of: batch, at: now, &desk) }
            }
        }
        self.writeLetters(&desk)
        if self.release(lease.take()) {
            self.sinks.counts.end(batch, desk.fates, latency: self.time.now() &- batch.arrival)
        }
        desk.clear()
        self.desks.withLock { $0.append(desk) }
    }

    // MARK: - Private

    private func runSteps(
        _ bytes: UnsafePointer<UInt8>,
        _ slices: UnsafeBufferPointer<EventSlice>,
        of batch: EventBatch,
        at now: UInt64,
        _ desk: inout BatchDesk,
        _ lease: inout WindowKeeper.Lease?
    ) {
        var fields: [JSONField] = []
        swap(&fields, &desk.found)
        let names = self.steps.fields
        let filters = self.steps.filters
        fields.withUnsafeMutableBufferPointer { found in
            for slice in slices {
                let line = UnsafeRawBufferPointer(start: bytes + Int(slice.offset), count: Int(slice.length))
                switch self.verdict(on: line, names, found, filters, &lease) {
                case .routed: desk.route(slice, bytes)
                case .filtered: desk.fates.filtered += 1
                case .aggregated: desk.fates.aggregated += 1
                case .deadLetter(let reason):
                    self.deadLetter(reason, bytes, slice, of: batch, at: now, &desk)
                }
            }
        }
        swap(&fields, &desk.found)
    }

    @inline(__always)
    private func verdict(
        on line: UnsafeRawBufferPointer,
        _ names: borrowing FieldSet,
        _ found: UnsafeMutableBufferPointer<JSONField>,
        _ filters: FilterChain?,
        _ lease: inout WindowKeeper.Lease?
    ) -> Verdict {
        if case .json = self.steps.decode,
            let problem = JSONScanner.scan(line, for: names, into: found)
        {
            return .deadLetter(problem.reason)
        }
        let event = EventView(line: line, fields: UnsafeBufferPointer(found))
        if let filters {
            switch filters.evaluate(event) {
            case .keep: break
            case .drop: return .filtered
            case .failed(let reason): return .deadLetter(reason)
            }
        }
        guard lease != nil else { return .routed }
        if case .some(.some(let reason)) = lease?.table.add(event) { return .deadLetter(reason) }
        return .aggregated
    }

    private func writeRouted(_ bytes: UnsafePointer<UInt8>, _ desk: inout BatchDesk) {
        let routed = desk.routed
        guard routed > 0 else { return }
        let delivered = desk.withRouted(bytes) { self.sinks.write($0, lines: routed) }
        desk.fates.delivered += delivered
        desk.fates.sinkFailed += routed - delivered
    }

    @inline(never)
    private func deadLetter(
        _ reason: String,
        _ bytes: UnsafePointer<UInt8>,
        _ slice: EventSlice,
        of batch: EventBatch,
        at now: UInt64,
        _ desk: inout BatchDesk
    ) {
        guard self.sinks.hasDeadLetter else {
            desk.fates.withoutDeadLetter += 1
            return
        }
        var isCut = false
        if case .lineTooLong = batch.defect { isCut = true }
        let letter = DeadLetter(
            source: self.sourceNames[batch.sourceIndex],
            position: batch.firstPosition + UInt64(slice.positionOffset),
            reason: reason,
            time: self.origin + Int64(clamping: now),
            isCut: isCut
        )
        let event = UnsafeRawBufferPointer(start: bytes + Int(slice.offset), count: Int(slice.length))
        letter.append(event: event, to: &desk.letters)
        desk.letterCount += 1
        if desk.letters.count >= BatchDesk.letterBytesMax { self.writeLetters(&desk) }
    }

    private func writeLetters(_ desk: inout BatchDesk) {
        let count = desk.letterCount
        guard count > 0 else { return }
        let delivered = desk.letters.withUnsafeBytes { self.sinks.writeLetters($0, lines: count) }
        desk.fates.deadLettered += delivered
        desk.fates.sinkFailed += count - delivered
        desk.letterCount = 0
        desk.letters.removeAll(keepingCapacity: true)
    }

    /// Gives the table back, and writes the rows of its window when it was the last.
    ///
    /// False: nobody counts it any more.
    private func release(_ lease: consuming WindowKeeper.Lease?) -> Bool {
        guard let windows = self.windows, let lease else { return true }
        switch windows.release(lease) {
        case .kept: return true
        case .closed(let window):
            self.sinks.writeRows(of: window)
            return true
        case .tooLate: return false
        }
    }
}

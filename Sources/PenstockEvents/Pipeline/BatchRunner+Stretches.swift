//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What the steps make of the events of a batch.
extension BatchRunner {
    /// What becomes of one event.
    private enum Verdict {
        case routed
        case filtered
        case aggregated
        case deadLetter(String)
    }

    /// Runs stretches of steps one behind the other.
    func runStretches(
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

    /// Runs the last stretch of steps, and writes what comes out of it if the sinks take it at once.
    func runLast(
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

    // MARK: - Private

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
        let fates = await self.fates(of: events, by: step)
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
                refuse("the step gave no fate for this event", mark, &desk)
                continue
            }
            switch fates[place].kind {
            case .giveUp where batch.isStored: desk.fates.drop(1, DropReason.abandoned)
            case .keep: next.append(place..<place + 1, ofSameGroups: events)
            case .end: desk.fates.filtered += 1
            case .refuse(let reason), .giveUp(let reason): refuse(reason, mark, &desk)
            case .replace(let bytes) where bytes.isEmpty || bytes.contains(UInt8(ascii: "\n")):
                refuse("the step made it no line: \(bytes.isEmpty ? "empty" : "an LF in it")", mark, &desk)
            case .replace(let bytes):
                bytes.withUnsafeBytes { next.append($0, position: mark.position, index: 0, group: mark.group) }
            }
        }
        return next
    }

    private func fates(of events: Events, by step: any EventStep) async -> [StepFate] {
        do {
            return try await step.handle(events)
        } catch {
            let reason = (error as? PenstockError)?.message ?? "\(error)"
            let fate = StepFate(kind: Task.isCancelled ? .giveUp(reason) : .refuse(reason))
            return Array(repeating: fate, count: events.count)
        }
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
}

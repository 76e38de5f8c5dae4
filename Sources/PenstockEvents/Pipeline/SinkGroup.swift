//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// All sinks of a run, and the one for dead letters.
final class SinkGroup: Sendable {
    let counts: PipelineCounts
    let ports: [SinkPort]
    let letters: DeadLetterDesk
    private let routes: RoutePlan
    private let rowRoutes: RowRoutes?
    private let time: TimeSource
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    private let session: UInt64
    private let tracing: (any PipelineTracing)?
    private let rowsMade = Locked(UInt64(0))

    /// Makes the lanes of open sinks.
    ///
    /// - Parameters:
    ///   - endpoints: What is open.
    ///   - description: What to run.
    ///   - counts: Where everything is counted.
    ///   - steps: The steps before the sinks.
    ///   - time: The clock of back-offs.
    ///   - tasks: The tasks of the pipeline.
    ///   - origin: Nanoseconds since 1970 at the origin of the clock.
    ///   - session: The number of the run.
    ///   - report: Told of failures; the run ends if the second is true, and otherwise has failed when it ends.
    init(
        opening endpoints: Endpoints,
        of description: PipelineDescription,
        counts: PipelineCounts,
        steps: CompiledSteps,
        time: TimeSource,
        tasks: LiveTasks,
        origin: Int64,
        session: UInt64,
        report: @escaping @Sendable (PenstockError, _ ends: Bool) -> Void
    ) {
        let letters = DeadLetterDesk(
            endpoints.deadLetter,
            retry: description.deadLetterRetry,
            counts: counts,
            time: time,
            origin: origin,
            session: session,
            notice: description.notice,
            onFailure: { report($0, true) }
        )
        let isOnly = endpoints.sinks.count == 1
        let failures = SinkFailures(isOnlySink: isOnly, hasDeadLetter: letters.isOpen, report: report)
        self.ports = zip(description.sinks, endpoints.sinks).enumerated().map { index, pair in
            let (sink, end) = pair
            let meter = SinkMeter()
            let writer = LaneWriter(
                end.sink,
                name: sink.name,
                index: index,
                retry: sink.options.retry,
                counts: counts,
                letters: letters,
                failures: failures,
                meter: meter,
                time: time,
                trace: description.tracing.map { (description.name, $0) }
            )
            let name = "\(description.name)-\(sink.name)"
            let lane = SinkLane(name: name, options: sink.options, writer: writer, time: time, tasks: tasks)
            return SinkPort(sink, index: index, end: end, isOnly: isOnly, lane: lane, meter: meter, time: time)
        }
        self.letters = letters
        self.counts = counts
        self.routes = steps.routes
        self.rowRoutes = steps.rowRoutes
        self.time = time
        self.origin = origin
        self.session = session
        self.tracing = description.tracing
    }

    /// Whether a worker may write what it has to all sinks, without a copy.
    var takesDirectly: Bool { self.routes.isUniform && self.ports.allSatisfy(\.takesDirectly) }

    /// Whether a worker may do without copies perhaps: each sink takes what it writes, or drops what finds no place.
    var mayDoWithoutCopies: Bool {
        self.routes.isUniform && self.ports.allSatisfy { $0.takesDirectly || $0.dropsWhenFull }
    }

    /// The route of an event that goes to every sink.
    var everySink: SinkRoute { SinkRoute(mask: UInt32.max >> UInt32(32 - self.ports.count)) }

    /// Where an event goes that was scanned for the fields of the sinks' conditions.
    func route(_ event: EventView) -> SinkRoute {
        self.routes.isUniform ? self.everySink : self.routes.route(event)
    }

    /// What became of lines that a worker had for every sink.
    enum AtOnce {
        /// They reached all of them.
        case delivered
        /// They reached those that workers write to, and the others had no place and dropped them.
        case dropped
        /// So many have reached each sink, the first ones.
        case partly([Int])
        /// Nothing: a sink needs a copy.
        case needsCopies
    }

    /// Writes lines to every sink, in the worker's thread, or drops them where a full sink does that.
    func writeAtOnce(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> AtOnce {
        var full: UInt32 = 0
        for port in self.ports where !port.takesDirectly {
            guard port.dropsWhenFull, port.lane.isFull(for: count, bytes: bytes.count) else { return .needsCopies }
            full |= 1 << UInt32(port.index)
        }
        guard let written = self.write(bytes, lines: count, droppingBy: full) else {
            return full == 0 ? .delivered : .dropped
        }
        return .partly(written)
    }

    /// Writes lines to sinks, in the worker's thread.
    ///
    /// - Parameter full: The sinks that drop them, as bits.
    /// - Returns: Nil when they reached all others, and otherwise how many each has written.
    private func write(_ bytes: UnsafeRawBufferPointer, lines count: Int, droppingBy full: UInt32 = 0) -> [Int]? {
        self.counts.route(count)
        var written: [Int] = []
        for port in self.ports where full & 1 << UInt32(port.index) == 0 {
            let delivered = port.write(bytes, lines: count)
            if delivered < count, written.isEmpty {
                written = self.ports.map { full & 1 << UInt32($0.index) == 0 ? count : 0 }
            }
            if !written.isEmpty { written[port.index] = delivered }
        }
        guard written.isEmpty else { return written }
        self.counts.settle(routed: count, droppedBy: full)
        return nil
    }

    /// Brings events to their sinks, or to the sinks' lanes.
    func deliver(_ drafts: SinkDrafts, for owner: RoutedEvents.Owner) async {
        var drafts = drafts
        let routed = drafts.route(for: owner)
        self.counts.begin(routed, isCounted: drafts.written != nil)
        for port in self.ports {
            if let written = drafts.written?[port.index] {
                let now = self.time.now()
                self.counts.settle(0..<written, of: routed, sink: port.index, .delivered, at: now)
            }
            for (reason, refused) in drafts.refused(by: port.index) {
                await self.end(refused, of: port, reason, DropReason.noDeadLetter)
            }
            let pending = drafts.pending(for: port.index)
            if !pending.isEmpty { await self.deliver(pending, to: port, mayWrite: drafts.written == nil) }
        }
    }

    /// Makes the rows of a window and brings them to the sinks.
    func deliverRows(of window: ClosedWindow) async {
        guard var table = window.tables.first else { return }
        for other in window.tables.dropFirst() { table.merge(other) }
        guard !table.isEmpty else {
            self.counts.settleRows(0, .delivered, of: window.receipts)
            return
        }
        var bytes: [UInt8] = []
        let rows = table.appendRows(windowStart: window.start, windowEnd: window.end, to: &bytes)
        self.counts.emit(rows: rows)
        var written: [Int]?
        if self.takesDirectly, self.rowRoutes == nil {
            written = bytes.withUnsafeBytes { self.write($0, lines: rows) }
            if written == nil {
                self.counts.settleRows(rows, .delivered, of: window.receipts)
                return
            }
        }
        var drafts = self.draftRows(bytes)
        drafts.written = written
        let lost = rows - drafts.masks.count
        let isAll = drafts.isEmpty
        self.counts.settleRows(lost, .dropped(DropReason.noRoute), of: isAll ? window.receipts : [])
        if !isAll { await self.deliver(drafts, for: .window(window.receipts)) }
    }

    /// Counts the rows of a window that nobody may write any more.
    func dropRows(of window: ClosedWindow, _ reason: String) {
        guard var table = window.tables.first else { return }
        for other in window.tables.dropFirst() { table.merge(other) }
        self.counts.dropRows(table.groupCount, reason, of: window.receipts)
    }

    /// Counts what a lane was left with.
    func drop(_ left: [LanePart], of port: SinkPort) {
        for part in left {
            let events = part.segment.events.selecting(part.range)
            self.counts.settle(events, sink: port.index, .dropped(DropReason.returned), at: self.time.now())
        }
    }

    // MARK: - Private

    private func draftRows(_ bytes: [UInt8]) -> SinkDrafts {
        var drafts = SinkDrafts(
            sinkCount: self.ports.count,
            source: "aggregate",
            session: self.session,
            receivedAt: self.origin + Int64(clamping: self.time.now())
        )
        var found = Array(repeating: JSONField.absent, count: self.rowRoutes?.fields.count ?? 0)
        bytes.withUnsafeBytes { bytes in
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                let line = UnsafeRawBufferPointer(rebasing: line)
                let position = self.rowsMade.withLock { made in
                    made += 1
                    return made
                }
                let route = self.rowRoutes?.route(line, &found) ?? self.everySink
                if route.mask != 0 { drafts.add(line, position: position, to: route) }
            }
        }
        return drafts
    }

    private func deliver(_ events: Events, to port: SinkPort, mayWrite: Bool) async {
        var rest = events
        if mayWrite, port.takesDirectly {
            let written = events.lines.withUnsafeBytes { port.write($0, lines: events.count) }
            let now = self.time.now()
            self.counts.settle(events.selecting(0..<written), sink: port.index, .delivered, at: now)
            guard written < events.count else { return }
            rest = events.selecting(written..<events.count)
        }
        for piece in port.lane.pieces(of: rest) { await self.offer(piece, to: port) }
    }

    private func offer(_ events: Events, to port: SinkPort) async {
        let segment = LaneSegment(events: events, arrival: self.time.now(), origin: self.tracing?.origin())
        let refusal = await port.lane.offer(segment, waits: port.whenFull == .wait)
        switch (refusal, port.whenFull) {
        case (nil, _): break
        case (.full, .deadLetter):
            await self.end(events, of: port, "the queue of the sink is full", DropReason.sinkFull)
        case (.full, .wait), (.full, .drop):
            self.counts.settle(events, sink: port.index, .dropped(DropReason.sinkFull), at: self.time.now())
        case (.closed, _):
            self.counts.settle(events, sink: port.index, .dropped(DropReason.returned), at: self.time.now())
        }
    }

    private func end(_ events: Events, of port: SinkPort, _ reason: String, _ dropReason: String) async {
        await self.letters.end(
            events,
            sink: (port.index, port.name),
            reason: reason,
            attempts: nil,
            dropReason: dropReason,
            counts: self.counts
        )
    }
}

/// Which rows of the aggregate go to which sink.
struct RowRoutes: Sendable {
    let fields: FieldSet
    let plan: RoutePlan

    /// Where a row goes.
    ///
    /// - Parameters:
    ///   - line: The row.
    ///   - found: Room for its fields.
    func route(_ line: UnsafeRawBufferPointer, _ found: inout [JSONField]) -> SinkRoute {
        found.withUnsafeMutableBufferPointer { found in
            _ = JSONScanner.scan(line, for: self.fields, into: found)
            return self.plan.route(EventView(line: line, fields: UnsafeBufferPointer(found)))
        }
    }
}

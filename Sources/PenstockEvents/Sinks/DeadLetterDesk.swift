//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Writes dead letters, and counts them.
///
/// A sink for dead letters that cannot be written now is tried again by its policy. One that fails fails the run: there
/// is no other place for what it should have taken.
final class DeadLetterDesk: Sendable {
    private let sink: (any EventSink)?
    private let writer: SinkWriter?
    private let retry: SinkRetry
    private let counts: PipelineCounts
    private let time: TimeSource
    /// Nanoseconds since 1970 at the origin of the clock.
    private let origin: Int64
    private let session: UInt64
    private let written = Locked(UInt64(0))
    private let chance: Locked<SplitMix>
    private let onFailure: @Sendable (PenstockError) -> Void
    /// Why events come here, or would if there were a sink.
    let reasons: LastReasons

    init(
        _ end: SinkEnd?,
        retry: SinkRetry,
        counts: PipelineCounts,
        time: TimeSource,
        origin: Int64,
        session: UInt64,
        notice: @escaping @Sendable (String) -> Void = { _ in },
        onFailure: @escaping @Sendable (PenstockError) -> Void
    ) {
        switch end {
        case .writer(let writer):
            self.writer = writer
            self.sink = nil
        case .custom(let sink):
            self.sink = sink
            self.writer = nil
        case .null:
            self.sink = DiscardingSink()
            self.writer = nil
        case nil:
            self.sink = nil
            self.writer = nil
        }
        self.retry = retry
        self.counts = counts
        self.time = time
        self.origin = origin
        self.session = session
        self.chance = Locked(SplitMix(state: session))
        self.onFailure = onFailure
        self.reasons = LastReasons(time: time, notice: notice)
    }

    /// Whether there is a sink for dead letters.
    var isOpen: Bool { self.writer != nil || self.sink != nil }

    /// Ends the sink.
    func close() async {
        do {
            try await self.sink?.close()
            try self.writer?.close()
        } catch {
            self.onFailure(Self.failure((error as? PenstockError)?.message ?? "\(error)"))
        }
    }

    /// Writes letters.
    ///
    /// - Returns: How many were written.
    func write(_ letters: [UInt8], count: Int) async -> Int {
        guard count > 0, self.isOpen else { return 0 }
        self.counts.routeLetters(count)
        let delivered = await self.deliver(letters, count: count)
        self.counts.settleLetters(routed: count, delivered: delivered)
        return delivered
    }

    /// Makes events that a sink has not taken dead letters; without a sink for those they are dropped.
    func end(
        _ events: Events,
        sink: (index: Int, name: String),
        reason: String,
        attempts: Int?,
        dropReason: String,
        counts: PipelineCounts
    ) async {
        self.reasons.note(reason, by: .sink(index: sink.index, name: sink.name), isLost: !self.isOpen)
        guard self.isOpen else {
            counts.settle(events, sink: sink.index, .dropped(dropReason), at: self.time.now())
            return
        }
        var letters: [UInt8] = []
        let now = self.origin + Int64(clamping: self.time.now())
        for event in events {
            var letter = DeadLetter(
                source: event.origin.source,
                position: event.origin.position,
                reason: reason,
                time: now,
                isCut: false
            )
            letter.sink = sink.name
            letter.attempts = attempts
            event.bytes.withUnsafeBytes { letter.append(event: $0, to: &letters) }
        }
        let delivered = await self.write(letters, count: events.count)
        let end = self.time.now()
        counts.settle(events.selecting(0..<delivered), sink: sink.index, .deadLettered, at: end)
        let lost = events.selecting(delivered..<events.count)
        counts.settle(lost, sink: sink.index, .dropped(DropReason.sinkFailed), at: end)
    }

    // MARK: - Private

    private static func failure(_ reason: String) -> PenstockError {
        PenstockError(.inputOutput, "The dead-letter sink failed: \(reason).")
    }

    private func deliver(_ letters: [UInt8], count: Int) async -> Int {
        var delivered = 0
        var rest = letters[...]
        var attempt = 1
        let first = self.written.withLock { written in
            defer { written += UInt64(count) }
            return written
        }
        while true {
            let (taken, problem, isBroken) = await self.attempt(
                rest,
                lines: count - delivered,
                from: first + UInt64(delivered),
                attempt: attempt
            )
            delivered += taken
            guard let problem else { return delivered }
            for _ in 0..<taken {
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { break }
                rest = rest[(end + 1)...]
            }
            guard !isBroken, attempt < self.retry.attemptsMax else {
                self.onFailure(Self.failure(problem))
                return delivered
            }
            let delay = self.chance.withLock { self.retry.delay(afterAttempt: attempt, atLeast: nil, using: &$0) }
            guard (try? await self.time.sleep(for: delay)) != nil else { return delivered }
            attempt += 1
        }
    }

    /// One attempt: how many lines, the first ones, were written, and why not all.
    private func attempt(_ lines: ArraySlice<UInt8>, lines count: Int, from first: UInt64, attempt: Int) async -> (
        Int, String?, Bool
    ) {
        if let writer = self.writer {
            let outcome = lines.withUnsafeBytes { writer.write($0, lines: count) }
            return (outcome.delivered, outcome.failure?.reason, outcome.failure?.isBroken ?? false)
        }
        guard let sink = self.sink else { return (0, "there is none", true) }
        var events = Events()
        let now = self.origin + Int64(clamping: self.time.now())
        events.groups = [Events.Group(source: "dead_letter", session: self.session, receivedAt: now, routed: nil)]
        lines.withUnsafeBytes { bytes in
            for (place, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
                let line = UnsafeRawBufferPointer(rebasing: line)
                events.append(line, position: first + UInt64(place), index: place, group: 0)
            }
        }
        do {
            let batch = SinkBatch(id: SinkBatchID(sink: "dead_letter", events), attempt: attempt, events: events)
            let answer = try await sink.write(batch)
            // Letters are taken from the first: what is behind one that was not taken comes again.
            let taken = (0..<count).prefix { answer.answer(at: $0) == .delivered }.count
            return (taken, taken == count ? nil : "a dead letter was not taken", false)
        } catch let error as SinkBroken {
            return (0, error.description, true)
        } catch {
            return (0, (error as? PenstockError)?.message ?? "\(error)", false)
        }
    }
}

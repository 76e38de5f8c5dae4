//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Brings batches of a lane to its sink, again if need be, and gives each event its fate.
final class LaneWriter: Sendable {
    /// What becomes of the events of a batch, by the sink's answer.
    private struct Sorted {
        var delivered: [Int] = []
        var refused: [(reason: String, places: [Int])] = []
        var again: [Int] = []
        var reason: String?
        var after: Duration?

        init(_ answer: SinkAnswer, count: Int) {
            if case .all(.delivered) = answer.kind {
                self.delivered = Array(0..<count)
                return
            }
            for place in 0..<count {
                switch answer.answer(at: place).kind {
                case .delivered: self.delivered.append(place)
                case .refused(let reason): self.refuse(place, reason)
                case .retry(let reason, let after):
                    self.again.append(place)
                    self.reason = reason
                    if let after { self.after = max(self.after ?? .zero, after) }
                }
            }
        }

        /// Why the write counts as failed; nil where the sink has only found some of its events wrong.
        var failure: String? { self.reason ?? (self.delivered.isEmpty ? self.refused.last?.reason : nil) }

        private mutating func refuse(_ place: Int, _ reason: String) {
            if self.refused.last?.reason == reason {
                self.refused[self.refused.count - 1].places.append(place)
            } else {
                self.refused.append((reason, [place]))
            }
        }
    }

    /// The reason of a sink that gives none.
    private static let askedAgain = "it asked to be tried again"

    private let sink: any EventSink
    private let name: String
    private let index: Int
    private let retry: SinkRetry
    private let counts: PipelineCounts
    private let letters: DeadLetterDesk
    private let failures: SinkFailures
    private let time: TimeSource
    private let meter: SinkMeter
    /// The name of the pipeline, and who follows its writes; nil for nobody.
    private let trace: (pipeline: String, tracing: any PipelineTracing)?
    private let chance: Locked<SplitMix>
    /// Why the sink takes nothing any more.
    private let broken = Locked<String?>(nil)

    init(
        _ sink: any EventSink,
        name: String,
        index: Int,
        retry: SinkRetry,
        counts: PipelineCounts,
        letters: DeadLetterDesk,
        failures: SinkFailures,
        meter: SinkMeter,
        time: TimeSource,
        trace: (pipeline: String, tracing: any PipelineTracing)? = nil
    ) {
        self.sink = sink
        self.name = name
        self.index = index
        self.retry = retry
        self.counts = counts
        self.letters = letters
        self.failures = failures
        self.time = time
        self.meter = meter
        self.trace = trace
        self.chance = Locked(SplitMix(state: time.now() &+ UInt64(index)))
    }

    /// Writes events until each has its fate.
    ///
    /// - Parameters:
    ///   - work: The events.
    ///   - release: Told of events that have their fates, and their bytes.
    /// - Returns: False when the writer is to end, because its task was cancelled.
    func write(_ work: LaneWork, release: (Int, Int) -> Void) async -> Bool {
        var work = work
        while true {
            if let broken = self.broken.withLock({ $0 }) {
                await self.end(work, broken, DropReason.sinkFailed, release)
                return true
            }
            let sorted: Sorted
            let begun = self.time.now()
            self.meter.begin()
            do {
                let batch = SinkBatch(
                    id: SinkBatchID(sink: self.name, work.events),
                    attempt: work.attempt,
                    events: work.events
                )
                sorted = Sorted(try await self.write(batch, work.origins), count: work.events.count)
            } catch let error as SinkBroken {
                self.meter.end(elapsed: self.time.now() &- begun, failure: error.description)
                self.noteBroken(error.description)
                continue
            } catch {
                let reason = (error as? PenstockError)?.message ?? "\(error)"
                sorted = Sorted(.retry(reason), count: work.events.count)
            }
            self.meter.end(elapsed: self.time.now() &- begun, failure: sorted.failure)
            guard let rest = await self.settle(sorted, work, release) else { return !Task.isCancelled }
            let delay = self.chance.withLock {
                self.retry.delay(afterAttempt: work.attempt, atLeast: sorted.after, using: &$0)
            }
            work = rest
            self.meter.retry()
            guard !Task.isCancelled, (try? await self.time.sleep(for: delay)) != nil else {
                self.giveBack(work, sorted.reason, release)
                return false
            }
        }
    }

    /// Ends the sink.
    func close() async {
        do {
            try await self.sink.close()
        } catch {
            let reason = (error as? PenstockError)?.message ?? "\(error)"
            self.failures.note(sink: self.name, reason, isBroken: true)
        }
    }

    // MARK: - Private

    private func write(_ batch: SinkBatch, _ origins: [any Sendable]) async throws -> SinkAnswer {
        guard let trace = self.trace else { return try await self.sink.write(batch) }
        let write = TracedWrite(
            pipeline: trace.pipeline,
            sink: self.name,
            events: batch.events.count,
            attempt: batch.attempt,
            origins: origins
        )
        return try await trace.tracing.trace(write) { try await self.sink.write(batch) }
    }

    /// Gives the events their fates that have one.
    ///
    /// - Returns: The events that are to be tried again.
    private func settle(_ sorted: Sorted, _ work: LaneWork, _ release: (Int, Int) -> Void) async -> LaneWork? {
        if !sorted.delivered.isEmpty {
            let delivered = work.events.selecting(sorted.delivered)
            self.counts.settle(delivered, sink: self.index, .delivered, at: self.time.now())
            release(delivered.count, delivered.lines.count)
        }
        for (reason, places) in sorted.refused {
            let refused = LaneWork(events: work.events.selecting(places), attempt: work.attempt)
            await self.end(refused, reason, DropReason.noDeadLetter, release)
        }
        guard !sorted.again.isEmpty else { return nil }
        let again = LaneWork(
            events: work.events.selecting(sorted.again),
            attempt: work.attempt + 1,
            origins: work.origins
        )
        guard work.attempt >= self.retry.attemptsMax else { return again }
        let reason = sorted.reason ?? Self.askedAgain
        self.failures.note(sink: self.name, reason, isBroken: false)
        await self.end(
            LaneWork(events: again.events, attempt: work.attempt),
            reason,
            DropReason.sinkFailed,
            release
        )
        return nil
    }

    /// Gives events back that there is no time left to try again.
    private func giveBack(_ work: LaneWork, _ reason: String?, _ release: (Int, Int) -> Void) {
        self.letters.reasons.note(
            reason ?? Self.askedAgain,
            by: .sink(index: self.index, name: self.name),
            isLost: !self.counts.isDurable
        )
        self.counts.settle(work.events, sink: self.index, .dropped(DropReason.returned), at: self.time.now())
        release(work.events.count, work.bytes)
    }

    /// Makes events dead letters; without a sink for those they are dropped.
    private func end(
        _ work: LaneWork,
        _ reason: String,
        _ dropReason: String,
        _ release: (Int, Int) -> Void
    ) async {
        await self.letters.end(
            work.events,
            sink: (self.index, self.name),
            reason: reason,
            attempts: work.attempt,
            dropReason: dropReason,
            counts: self.counts
        )
        release(work.events.count, work.bytes)
    }

    private func noteBroken(_ reason: String) {
        self.broken.withLock { $0 = $0 ?? reason }
        self.failures.note(sink: self.name, reason, isBroken: true)
    }
}

/// Decides what the failure of a sink means for the run.
struct SinkFailures: Sendable {
    /// Whether it is the only sink.
    let isOnlySink: Bool
    /// Whether what it does not take is kept as dead letters.
    let hasDeadLetter: Bool
    /// Told of failures; the run ends if the second is true, and otherwise has failed when it ends.
    let report: @Sendable (PenstockError, _ ends: Bool) -> Void

    /// A sink has failed: for good, or for some events that were tried as often as they may.
    func note(sink: String, _ reason: String, isBroken: Bool) {
        guard isBroken || !self.hasDeadLetter else { return }
        let error = PenstockError(.inputOutput, "The sink \"\(sink)\" failed: \(reason).")
        self.report(error, self.isOnlySink)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

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
    private let tracing: (any PipelineTracing)?
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
        settlements: SettlementDesk?,
        tracing: (any PipelineTracing)? = nil
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
        self.tracing = tracing
    }

    /// Whether it is time to stop.
    public var isStopping: Bool { self.stop.isStopped }

    /// The longest line that is an event.
    var lineBytesMax: Int { self.limits.lineBytesMax }

    /// Blocks until a file has something to read, until it is time to stop, or for so many milliseconds.
    func waitToRead(_ file: FileDescriptor?, milliseconds: Int32) {
        self.stop.waitToRead(file, milliseconds: milliseconds)
    }

    /// Blocks until one of several files has what is waited for, until it is time to stop, or for so many milliseconds.
    func waitToRead(_ polled: inout [pollfd], milliseconds: Int32) {
        self.stop.wait(for: &polled, milliseconds: milliseconds)
    }

    /// Hands over a batch of a source that can tell nobody what a full queue has refused: that is counted, and what comes
    /// behind it is handed over all the same.
    ///
    /// - Throws: As ``send(_:)``, but for `full`.
    func offer(_ batch: SourceBatch) async throws(PenstockError) {
        try await self.send(batch, startingBy: nil, passesOver: .full)
    }

    /// Hands over a batch, and waits while the queue is full.
    ///
    /// - Parameter batch: The events. Without any there is nothing to wait for, and a source that is told of its batches
    ///   is told of this one too.
    /// With a durable queue the events of a source that is not told of its batches are safe when the call returns. Those of an
    /// ``AcknowledgedSource`` are when it hears so: the call returns before.
    ///
    /// - Returns: How many events were taken: all there are.
    /// - Throws: `closed` when it is time to stop, `full` when a queue is that does not wait, `cancelled` when the task was;
    ///   its `acceptedCount` says how many events, the first ones, were taken.
    @discardableResult
    public func send(_ batch: SourceBatch) async throws(PenstockError) -> Int {
        try await self.send(batch, startingBy: nil)
    }

    /// Hands over a batch if the queue has a place for its first events in time, and then all of it.
    ///
    /// So a source that somebody waits for can say that nothing was taken, instead of leaving them to wait.
    ///
    /// - Parameters:
    ///   - batch: The events.
    ///   - wait: How long the first of them may wait for places. The others wait as long as it takes.
    /// - Returns: How many events were taken: all there are.
    /// - Throws: `timedOut` when there was no place in time: none was taken. Otherwise as ``send(_:)``.
    @discardableResult
    public func send(_ batch: SourceBatch, startingWithin wait: Duration) async throws(PenstockError) -> Int {
        try await self.send(batch, startingBy: self.time.now().advanced(by: wait))
    }

    // MARK: - Private

    /// - Parameter refusal: What refuses a piece without keeping back those behind it.
    @discardableResult
    private func send(
        _ batch: SourceBatch,
        startingBy deadline: UInt64?,
        passesOver passed: PenstockError.Code? = nil
    ) async throws(PenstockError) -> Int {
        // Who is not told of its batches hears from the call itself that they are safe.
        let wait = self.settlements == nil && self.intake.journal != nil ? StoreWait() : nil
        let taker: (any SettlementTaker)? = self.settlements ?? wait
        let receipt = taker.map { BatchReceipt(batch.id, desk: $0) }
        let arrival = self.time.now()
        var position = batch.firstPosition ?? self.nextPosition.withLock { $0 }
        var accepted = 0
        var refusal: PenstockError?
        var rest = batch.lines[...]
        var framer = LineFramer(
            limits: self.limits,
            pool: self.buffers,
            sourceIndex: self.index,
            bytes: batch.lines.count
        )
        framer.begin(at: position, session: batch.session ?? self.session)
        while refusal == nil, !rest.isEmpty {
            let count = Self.copy(rest, into: framer.space())
            framer.received(count)
            rest = rest.dropFirst(count)
            refusal = await self.handOver(&framer, arrival, receipt, deadline, passed, &accepted)
        }
        if refusal == nil {
            framer.finish()
            refusal = await self.handOver(&framer, arrival, receipt, deadline, passed, &accepted)
        }
        position = framer.position
        self.nextPosition.withLock { $0 = position }
        receipt.map { self.intake.complete($0) }
        if let wait, let settlement = await wait.settlement() {
            accepted = settlement.events - settlement.rejected
            if settlement.rejected > 0, passed != .full {
                refusal = refusal ?? PenstockError(.full, "The durable queue could not write the events.")
            }
        }
        if let refusal {
            throw PenstockError(refusal.code, refusal.message, underlyingError: refusal, acceptedCount: accepted)
        }
        return accepted
    }

    /// Hands over what the framer has cut; nil when all of it was taken.
    private func handOver(
        _ framer: inout LineFramer,
        _ arrival: UInt64,
        _ receipt: BatchReceipt?,
        _ deadline: UInt64?,
        _ passed: PenstockError.Code?,
        _ accepted: inout Int
    ) async -> PenstockError? {
        while let piece = framer.next(arrival: arrival) {
            piece.receipt = receipt
            piece.origin = self.tracing?.origin()
            let refusal: PenstockError? =
                if let deadline, accepted == 0 {
                    await self.handOver(piece, by: deadline)
                } else {
                    await self.intake.handOver(piece)
                }
            if let refusal {
                if refusal.code == passed { continue }
                return refusal
            }
            accepted += piece.count
        }
        return nil
    }

    /// Hands one piece over, unless there is no place for it by an instant.
    private func handOver(_ piece: EventBatch, by deadline: UInt64) async -> PenstockError? {
        enum Event: Sendable {
            case done(PenstockError?)
            case late
        }
        let intake = self.intake
        let time = self.time
        return await withTaskGroup(of: Event.self) { group in
            group.addTask { .done(await intake.handOver(piece)) }
            group.addTask {
                do {
                    try await time.sleep(until: deadline)
                    return .late
                } catch {
                    return .done(nil)
                }
            }
            var isLate = false
            var refusal: PenstockError?
            // The first one ends the other; a piece that was taken at the last moment is taken.
            while let event = await group.next() {
                group.cancelAll()
                switch event {
                case .late: isLate = true
                case .done(let error): refusal = refusal ?? error
                }
            }
            guard let refusal else { return nil }
            guard isLate, refusal.code == .cancelled else { return refusal }
            return PenstockError(.timedOut, "The queue had no place for the first events in time.")
        }
    }

    private static func copy(_ bytes: ArraySlice<UInt8>, into space: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count, space.count)
        bytes.prefix(count).withUnsafeBytes { space.copyMemory(from: $0) }
        return count
    }
}

/// Lets a source wait for one batch, until a durable queue has it.
private final class StoreWait: SettlementTaker {
    private let news = Channel<Settlement>(capacity: 1)

    func put(_ settlement: Settlement) { _ = self.news.trySend(settlement) }

    /// What became of the batch; nil when the task was cancelled before.
    func settlement() async -> Settlement? { try? await self.news.receive() }
}

/// Where batches go that sources hand over: the seam between sources and what keeps their events.
///
/// That is the queue in memory, and an event is the run's from the moment it is taken; or a durable queue, which hands
/// batches on to the one in memory once they are safe.
struct SourceIntake: Sendable {
    let counts: PipelineCounts
    let stop: StopSignal
    /// The durable queue, if there is one.
    let journal: EventJournal?
    /// Takes a batch into the queue in memory, waiting while there is no place for it.
    let accept: @Sendable (EventBatch) async throws(PenstockError) -> Void

    /// Hands a batch over; nil when it was taken, and why not otherwise.
    func handOver(_ batch: EventBatch) async -> PenstockError? {
        let batch = self.journal?.packed(batch) ?? batch
        guard !self.stop.isStopped else {
            self.counts.refuse(batch)
            return PenstockError(.closed, "The pipeline takes no more events.")
        }
        self.counts.offer(batch)
        do throws(PenstockError) {
            if let journal = self.journal {
                try await journal.append(batch)
            } else {
                try await self.accept(batch)
                self.counts.accept(batch)
            }
            return nil
        } catch {
            self.counts.reject(batch, RejectReason.of(error))
            return error
        }
    }

    /// A batch was handed over as far as it will be.
    func complete(_ receipt: BatchReceipt) {
        self.counts.complete(receipt)
    }
}

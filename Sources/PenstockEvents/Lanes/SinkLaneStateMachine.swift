//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Decides for the lane of one sink who waits, who writes, and what is too much; without a lock, a clock or a task.
///
/// The lane holds the events that were offered and taken, until they are settled: its bounds are on all of them, those
/// that are being written included. Offers that have to wait are admitted in the order in which they came.
struct SinkLaneStateMachine {
    /// What a lane holds to.
    struct Limits: Sendable {
        var eventsMax: Int
        var bytesMax: Int
        var batchEventsMax: Int
        var batchBytesMax: Int
        /// How long a batch that is not full may wait for more, in nanoseconds.
        var linger: UInt64
    }

    /// Whether the lane takes and gives events.
    enum Phase: Sendable, Equatable {
        /// It takes events and gives them to writers. Can transition to: `finishing`, `closed`.
        case open
        /// It takes nothing more, and gives what it has. Can transition to: `closed`.
        case finishing
        /// It takes and gives nothing. Final.
        case closed
    }

    /// Why an offer was not taken.
    enum Refusal: Sendable, Equatable {
        /// There is no place, and the offer did not want to wait, or its task was cancelled.
        case full
        /// The lane takes nothing more.
        case closed
    }

    /// What comes of an offer.
    enum Offer: Equatable {
        /// It was taken; a writer is to be woken, if there is one.
        case taken(wake: Int?)
        /// It waits under its number.
        case waits
        case refused(Refusal)
    }

    /// What a writer that asks for work is to do.
    enum Take {
        /// To write this.
        case write(LaneWork)
        /// To wait until it is woken.
        case wait
        /// To end: there will be no work any more.
        case end
    }

    /// Whom to wake after events have left, and with what.
    struct Wakes: Equatable {
        /// Offers that were taken.
        var offers: [Int] = []
        /// Offers that will not be taken any more.
        var refused: [Int] = []
        /// Writers that are to ask again.
        var writers: [Int] = []
    }

    private struct Waiting {
        var offer: Int
        var segment: LaneSegment
        var since: UInt64
    }

    let limits: Limits
    private(set) var phase = Phase.open
    /// Events in the lane: those that wait for a writer and those that are being written.
    private(set) var events = 0
    private(set) var bytes = 0
    /// Events that wait for a writer.
    private(set) var queuedEvents = 0
    private var queuedBytes = 0
    private var queue: [LanePart] = []
    private var head = 0
    private var waiting: [Waiting] = []
    private var idleWriters: [Int] = []
    /// When the first events came that each writer has taken last and still writes.
    private var writing: [Int: UInt64] = [:]
    /// How long offers have waited that do so no more, in nanoseconds.
    private var waitedTime: UInt64 = 0

    /// Creates an empty lane.
    init(_ limits: Limits) {
        self.limits = limits
    }

    /// Whether it holds nothing, and nobody waits to put something in.
    var isIdle: Bool { self.events == 0 && self.waiting.isEmpty }

    /// Whether it takes events, but has no place for so many now.
    func isFull(for events: Int, bytes: Int) -> Bool {
        guard case .open = self.phase, self.events > 0 else { return false }
        return !self.waiting.isEmpty || self.events + min(events, self.limits.eventsMax) > self.limits.eventsMax
            || self.bytes + min(bytes, self.limits.bytesMax) > self.limits.bytesMax
    }

    /// When the first event that waits for a writer has waited long enough for others; nil without one.
    var lingerEnd: UInt64? {
        guard self.queuedEvents > 0 else { return nil }
        return self.queue[self.head].segment.arrival &+ self.limits.linger
    }

    /// Somebody has events for the sink.
    ///
    /// - Parameters:
    ///   - segment: The events; at least one.
    ///   - offer: A number that no other offer has had; nil for one that does not wait.
    ///   - now: The time.
    mutating func offer(_ segment: LaneSegment, waitingAs offer: Int?, now: UInt64) -> Offer {
        guard case .open = self.phase else { return .refused(.closed) }
        if self.waiting.isEmpty, self.hasPlace(for: segment) {
            self.append(segment)
            return .taken(wake: self.isReady(now: now) ? self.idleWriters.popLast() : nil)
        }
        guard let offer else { return .refused(.full) }
        self.waiting.append(Waiting(offer: offer, segment: segment, since: now))
        // What waits is not to wait for more: nothing more comes in.
        return .waits
    }

    /// An offer that waited does not want to any more; false when it was taken, or refused, before.
    mutating func withdraw(_ offer: Int, now: UInt64) -> Bool {
        guard let index = self.waiting.firstIndex(where: { $0.offer == offer }) else { return false }
        self.waitedTime &+= now &- min(now, self.waiting[index].since)
        self.waiting.remove(at: index)
        return true
    }

    /// A writer asks for work.
    mutating func take(writer: Int, now: UInt64) -> Take {
        self.writing[writer] = nil
        switch self.phase {
        case .closed: return .end
        case .finishing where self.queuedEvents == 0: return .end
        case .open, .finishing: break
        }
        guard self.isReady(now: now) else {
            self.idleWriters.append(writer)
            return .wait
        }
        self.writing[writer] = self.queue[self.head].segment.arrival
        return .write(self.takeBatch())
    }

    /// Events that were taken are settled and leave the lane.
    mutating func release(events: Int, bytes: Int, now: UInt64) -> Wakes {
        self.events -= events
        self.bytes -= bytes
        var wakes = Wakes()
        while case .open = self.phase, let first = self.waiting.first, self.hasPlace(for: first.segment) {
            self.append(first.segment)
            self.waitedTime &+= now &- min(now, first.since)
            self.waiting.removeFirst()
            wakes.offers.append(first.offer)
        }
        wakes.writers = self.wakeWriters(now: now)
        return wakes
    }

    /// Time has passed: a writer that waits for a full batch may take what there is.
    mutating func wakeWriters(now: UInt64) -> [Int] {
        guard self.isReady(now: now), let writer = self.idleWriters.popLast() else { return [] }
        return [writer]
    }

    /// The lane takes nothing more; what it has is still written.
    mutating func finish(now: UInt64) -> Wakes {
        guard case .open = self.phase else { return Wakes() }
        self.phase = .finishing
        return self.wakeAll(now: now)
    }

    /// The lane gives nothing more either.
    ///
    /// - Returns: What nobody has taken, and whom to wake.
    mutating func close(now: UInt64) -> (left: [LanePart], wakes: Wakes) {
        let left = Array(self.queue[self.head...])
        self.queue = []
        self.head = 0
        self.events -= self.queuedEvents
        self.bytes -= self.queuedBytes
        self.queuedEvents = 0
        self.queuedBytes = 0
        self.phase = .closed
        return (left, self.wakeAll(now: now))
    }

    /// How many offers wait, how long offers have waited up to an instant, and how old the oldest event is.
    func waits(now: UInt64) -> (offers: Int, waited: UInt64, oldestAge: UInt64) {
        let waited = self.waiting.reduce(self.waitedTime) { $0 &+ (now &- min(now, $1.since)) }
        var oldest = self.writing.values.min() ?? now
        if self.queuedEvents > 0 { oldest = min(oldest, self.queue[self.head].segment.arrival) }
        return (self.waiting.count, waited, now &- min(now, oldest))
    }

    // MARK: - Private

    private func hasPlace(for segment: LaneSegment) -> Bool {
        if self.events == 0 { return true }
        return self.events + segment.events.count <= self.limits.eventsMax
            && self.bytes + segment.events.lines.count <= self.limits.bytesMax
    }

    private mutating func append(_ segment: LaneSegment) {
        let count = segment.events.count
        self.queue.append(LanePart(segment: segment, range: 0..<count))
        self.events += count
        self.queuedEvents += count
        self.bytes += segment.events.lines.count
        self.queuedBytes += segment.events.lines.count
    }

    /// Whether a writer may take a batch now.
    private func isReady(now: UInt64) -> Bool {
        guard self.queuedEvents > 0 else { return false }
        if case .finishing = self.phase { return true }
        if self.queuedEvents >= self.limits.batchEventsMax || self.queuedBytes >= self.limits.batchBytesMax {
            return true
        }
        // Who waits for a place would wait for ever, if the batch waited for who waits.
        if !self.waiting.isEmpty || self.limits.linger == 0 { return true }
        return (self.lingerEnd ?? 0) <= now
    }

    /// Takes events from the front, up to the limits of a batch.
    private mutating func takeBatch() -> LaneWork {
        var batch = Events()
        var origins: [any Sendable] = []
        while self.head < self.queue.count {
            var part = self.queue[self.head]
            let count = self.countTaken(of: part, batchEvents: batch.count, batchBytes: batch.lines.count)
            guard count > 0 else { break }
            if let origin = part.segment.origin, origins.count < LaneWork.originsMax { origins.append(origin) }
            let isWhole = count == part.segment.events.count
            if isWhole, batch.isEmpty {
                batch = part.segment.events
            } else {
                batch.append(part.range.prefix(count), of: part.segment.events)
            }
            self.queuedEvents -= count
            self.queuedBytes -= part.bytes(ofFirst: count)
            guard count == part.range.count else {
                part.range = part.range.lowerBound + count..<part.range.upperBound
                self.queue[self.head] = part
                break
            }
            self.head += 1
        }
        if self.head > 64, self.head * 2 > self.queue.count {
            self.queue.removeFirst(self.head)
            self.head = 0
        }
        if self.head == self.queue.count {
            self.queue.removeAll(keepingCapacity: true)
            self.head = 0
        }
        return LaneWork(events: batch, attempt: 1, origins: origins)
    }

    /// How many events of a part still fit into a batch; at least one into an empty one.
    private func countTaken(of part: LanePart, batchEvents: Int, batchBytes: Int) -> Int {
        var count = min(part.range.count, self.limits.batchEventsMax - batchEvents)
        let room = self.limits.batchBytesMax - batchBytes
        if part.bytes(ofFirst: count) > room {
            var fitting = 0
            while fitting < count, part.bytes(ofFirst: fitting + 1) <= room { fitting += 1 }
            count = fitting
        }
        return batchEvents == 0 ? max(1, count) : count
    }

    private mutating func wakeAll(now: UInt64) -> Wakes {
        for one in self.waiting { self.waitedTime &+= now &- min(now, one.since) }
        let wakes = Wakes(refused: self.waiting.map(\.offer), writers: self.idleWriters)
        self.waiting = []
        self.idleWriters = []
        return wakes
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import PenstockEvents

@Suite(.timeLimit(.minutes(5)))
struct SinkLaneStateMachineTests {
    private func machine(
        events: Int = 10,
        bytes: Int = 1 << 20,
        batch: Int = 4,
        linger: UInt64 = 0
    ) -> SinkLaneStateMachine {
        SinkLaneStateMachine(
            .init(eventsMax: events, bytesMax: bytes, batchEventsMax: batch, batchBytesMax: 1 << 20, linger: linger)
        )
    }

    private func segment(_ numbers: Range<Int>, at arrival: UInt64 = 0) -> LaneSegment {
        var events = Events()
        events.groups = [Events.Group(source: "in", session: 1, routed: nil)]
        for number in numbers {
            Array("\(number)".utf8).withUnsafeBytes {
                events.append($0, position: UInt64(number), index: number, group: 0)
            }
        }
        return LaneSegment(events: events, arrival: arrival)
    }

    private func taken(_ take: SinkLaneStateMachine.Take) -> [Int]? {
        guard case .write(let work) = take else { return nil }
        return work.events.map { Int($0.origin.position) }
    }

    @Test func eventsComeInOrderAndBatchesKeepTheirLimit() {
        var lane = self.machine()
        #expect(lane.offer(self.segment(0..<3), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(3..<9), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(self.taken(lane.take(writer: 0, now: 0)) == [0, 1, 2, 3])
        #expect(self.taken(lane.take(writer: 1, now: 0)) == [4, 5, 6, 7])
        #expect(self.taken(lane.take(writer: 2, now: 0)) == [8])
        #expect(lane.events == 9)
        _ = lane.release(events: 9, bytes: 18, now: 0)
        #expect(lane.isIdle)
        #expect(lane.bytes == 0)
    }

    @Test func whatIsBeingWrittenCountsTowardsTheLimit() {
        var lane = self.machine(events: 4)
        #expect(lane.offer(self.segment(0..<4), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(self.taken(lane.take(writer: 0, now: 0))?.count == 4)
        #expect(lane.offer(self.segment(4..<5), waitingAs: nil, now: 0) == .refused(.full))
        #expect(lane.offer(self.segment(4..<5), waitingAs: 7, now: 0) == .waits)
        #expect(lane.release(events: 1, bytes: 2, now: 0) == .init(offers: [7]))
    }

    @Test func fullIsWhatAnOfferWouldBeRefusedFor() {
        var lane = self.machine(events: 4)
        // An empty lane takes anything.
        #expect(!lane.isFull(for: 9, bytes: 18))
        _ = lane.offer(self.segment(0..<3), waitingAs: nil, now: 0)
        #expect(!lane.isFull(for: 1, bytes: 2) && lane.isFull(for: 2, bytes: 4))
        #expect(lane.offer(self.segment(3..<5), waitingAs: 1, now: 0) == .waits)
        // Nobody goes before who waits.
        #expect(lane.isFull(for: 1, bytes: 2))
        _ = lane.finish(now: 0)
        // A lane that ends refuses for another reason.
        #expect(!lane.isFull(for: 1, bytes: 2))
    }

    @Test func oneSegmentLargerThanTheLaneIsTakenAlone() {
        var lane = self.machine(events: 2, bytes: 1)
        #expect(lane.offer(self.segment(0..<9), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(9..<10), waitingAs: nil, now: 0) == .refused(.full))
    }

    @Test func waitingOffersAreTakenInOrder() {
        var lane = self.machine(events: 2)
        #expect(lane.offer(self.segment(0..<2), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(2..<4), waitingAs: 1, now: 0) == .waits)
        // It would fit when one place is free, and has to wait its turn.
        #expect(lane.offer(self.segment(4..<5), waitingAs: 2, now: 0) == .waits)
        _ = lane.take(writer: 0, now: 0)
        let first = lane.release(events: 1, bytes: 2, now: 0)
        #expect(first.offers.isEmpty)
        let second = lane.release(events: 1, bytes: 2, now: 0)
        #expect(second.offers == [1])
        let isWithdrawn = lane.withdraw(2, now: 0)
        let isWithdrawnAgain = lane.withdraw(2, now: 0)
        #expect(isWithdrawn)
        #expect(!isWithdrawnAgain)
    }

    @Test func batchWaitsForMoreNoLongerThanItsLinger() {
        var lane = self.machine(linger: 100)
        #expect(lane.offer(self.segment(0..<1, at: 50), waitingAs: nil, now: 50) == .taken(wake: nil))
        guard case .wait = lane.take(writer: 0, now: 60) else {
            Issue.record("A batch that is not full was given before its time.")
            return
        }
        #expect(lane.lingerEnd == 150)
        let tooEarly = lane.wakeWriters(now: 149)
        #expect(tooEarly.isEmpty)
        let inTime = lane.wakeWriters(now: 150)
        #expect(inTime == [0])
        #expect(self.taken(lane.take(writer: 0, now: 150)) == [0])
    }

    @Test func fullBatchDoesNotLinger() {
        var lane = self.machine(linger: 100)
        guard case .wait = lane.take(writer: 3, now: 0) else { return }
        #expect(lane.offer(self.segment(0..<3), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(3..<4), waitingAs: nil, now: 0) == .taken(wake: 3))
    }

    @Test func fullLaneDoesNotLinger() {
        var lane = self.machine(events: 2, batch: 100, linger: 100)
        #expect(lane.offer(self.segment(0..<2), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(2..<3), waitingAs: 1, now: 0) == .waits)
        #expect(self.taken(lane.take(writer: 0, now: 1)) == [0, 1])
    }

    @Test func finishingLaneGivesWhatItHasAndTakesNothing() {
        var lane = self.machine(linger: 100)
        guard case .wait = lane.take(writer: 5, now: 0) else { return }
        #expect(lane.offer(self.segment(0..<1), waitingAs: nil, now: 0) == .taken(wake: nil))
        let woken = lane.finish(now: 0)
        #expect(woken.writers == [5])
        #expect(lane.offer(self.segment(1..<2), waitingAs: 1, now: 0) == .refused(.closed))
        #expect(self.taken(lane.take(writer: 5, now: 0)) == [0])
        guard case .end = lane.take(writer: 5, now: 0) else {
            Issue.record("A writer was not ended.")
            return
        }
    }

    @Test func closedLaneGivesBackWhatNobodyHasTaken() {
        var lane = self.machine(events: 5, batch: 2)
        #expect(lane.offer(self.segment(0..<5), waitingAs: nil, now: 0) == .taken(wake: nil))
        #expect(lane.offer(self.segment(5..<6), waitingAs: 9, now: 0) == .waits)
        _ = lane.take(writer: 0, now: 0)
        let (left, wakes) = lane.close(now: 0)
        #expect(left.map(\.range) == [2..<5])
        #expect(wakes.refused == [9])
        #expect(lane.events == 2)
        #expect(lane.offer(self.segment(6..<7), waitingAs: 10, now: 0) == .refused(.closed))
        #expect(lane.release(events: 2, bytes: 4, now: 0) == .init())
        #expect(lane.isIdle)
    }

    /// Random offers, takes, settlements and withdrawals: nothing is lost or doubled, and no limit is exceeded.
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func nothingIsLostWhateverTheOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...30, using: &random)
        let linger: UInt64 = Bool.random(using: &random) ? 0 : 20
        var lane = self.machine(events: limit, batch: Int.random(in: 1...12, using: &random), linger: linger)
        var now: UInt64 = 0
        var next = 0
        var waiting: [Int: Range<Int>] = [:]
        var accepted: [Int] = []
        var written: [Int] = []
        var held: [[Int]] = []
        var writers = 0
        func bytes(_ numbers: some Sequence<Int>) -> Int { numbers.reduce(0) { $0 + "\($1)".utf8.count + 1 } }
        for turn in 0..<300 {
            now += UInt64.random(in: 0...5, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let numbers = next..<next + Int.random(in: 1...10, using: &random)
                next = numbers.upperBound
                switch lane.offer(self.segment(numbers, at: now), waitingAs: turn, now: now) {
                case .taken: accepted += numbers
                case .waits: waiting[turn] = numbers
                case .refused: Issue.record("seed \(seed): an open lane refused an offer that waits")
                }
            case 1:
                writers += 1
                if let numbers = self.taken(lane.take(writer: writers, now: now)) { held.append(numbers) }
            case 2 where !held.isEmpty:
                let numbers = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                written += numbers
                let wakes = lane.release(events: numbers.count, bytes: bytes(numbers), now: now)
                for offer in wakes.offers { accepted += waiting.removeValue(forKey: offer) ?? 0..<0 }
            case 3:
                if let (offer, _) = waiting.randomElement(using: &random), lane.withdraw(offer, now: 0) {
                    waiting[offer] = nil
                }
            default: break
            }
            #expect(lane.events <= max(limit, 10), "seed \(seed)")
            #expect(lane.events == accepted.count - written.count, "seed \(seed)")
        }
        let (left, wakes) = lane.close(now: 0)
        #expect(Set(wakes.refused) == Set(waiting.keys), "seed \(seed)")
        let returned = left.flatMap { part in part.range.map { Int(part.segment.events[$0].origin.position) } }
        #expect((written + held.flatMap { $0 } + returned).sorted() == accepted.sorted(), "seed \(seed)")
    }
}

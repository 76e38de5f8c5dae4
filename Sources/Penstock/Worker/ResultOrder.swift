//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Results on their way to a channel that gets them in the order in which their jobs were accepted.
///
/// A worker takes jobs oldest first. Each gets the next place when it is taken, and there are as many places as the channel
/// has: what has begun always has one. A job leaves its place empty until it has ended, with a result or without; the
/// places are given free in order, once their result is handed over.
@usableFromInline
struct ResultOrder<Output> {
    private enum Place {
        /// The job was taken and has not ended. Can transition to: `result`, `gap`.
        case open
        /// The job has ended with this. Can transition to: `open`, for another job.
        case result(Result<Output, any Error>)
        /// The job has ended without a result. Can transition to: `open`, for another job.
        case gap
    }

    private var places: [Place]
    /// The number of the oldest job that keeps its place, and that of the next one to get one.
    private var first: Int
    private var next: Int
    /// Who waits for results that there was no place for in the channel.
    var waiter: TaskContinuation<Void>?

    /// Creates an order of as many places; the number of the first one is for tests.
    init(capacity: Int, first: Int = 0) {
        self.places = Array(repeating: .open, count: capacity)
        self.first = first
        self.next = first
    }

    /// How many more jobs may be taken.
    var room: Int { self.places.count - self.count }

    /// How many places are taken.
    var count: Int { self.next - self.first }

    /// The result whose turn it is; nil when there is none, or its job has not ended.
    var ready: Result<Output, any Error>? {
        guard self.count > 0, case .result(let result) = self.places[self.first % self.places.count] else { return nil }
        return result
    }

    /// Takes the next place, and says which it is.
    mutating func take() -> Int32 {
        precondition(self.room > 0, "A job that is taken finds a place for its result.")
        defer { self.next += 1 }
        self.places[self.next % self.places.count] = .open
        return Self.short(self.next)
    }

    /// Says how the job with a place has ended, with nil for no result. Only the first end counts.
    mutating func settle(_ place: Int32, _ result: Result<Output, any Error>?) {
        let distance = Int((place &- Self.short(self.first)) & Int32.max)
        guard place >= 0, distance < self.count else { return }
        let index = (self.first + distance) % self.places.count
        guard case .open = self.places[index] else { return }
        self.places[index] = result.map { .result($0) } ?? .gap
        self.skipGaps()
    }

    /// Gives the place of the result free whose turn it was.
    mutating func removeFirst() {
        self.places[self.first % self.places.count] = .open
        self.first += 1
        self.skipGaps()
    }

    /// Takes all results out, in order, whether their turn has come or not.
    mutating func takeAll() -> [Result<Output, any Error>] {
        var results: [Result<Output, any Error>] = []
        for number in self.first..<self.next {
            if case .result(let result) = self.places[number % self.places.count] { results.append(result) }
            self.places[number % self.places.count] = .open
        }
        self.first = self.next
        return results
    }

    // MARK: - Private

    /// The number of a place as jobs keep it; it begins anew after 2^31.
    private static func short(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: number) & Int32.max }

    private mutating func skipGaps() {
        while self.first < self.next, case .gap = self.places[self.first % self.places.count] { self.first += 1 }
    }
}

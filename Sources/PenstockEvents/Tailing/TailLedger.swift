//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How far a file was read: up to where, in which file.
struct TailCursor: Sendable, Equatable {
    var identity: FileDescriptor.Identity
    /// Bytes from the beginning of the file, up to the beginning of a line.
    var offset: Int
    /// The number of the line that begins there, counted from where the session began; from 1.
    var line: UInt64
    /// Which stream of line numbers it is.
    var session: UInt64
}

/// The batches of a tail that have no fate yet, in their order; and how far all before are settled.
struct TailLedger: Sendable {
    private struct Batch: Sendable {
        var id: UInt64
        var end: TailCursor
        var isSettled = false
    }

    /// The most batches without a fate: beyond, the source waits.
    static let unsettledMax = 1_000_000

    private var batches: [Batch] = []
    /// Those before it are settled, and gone at the next chance.
    private var first = 0
    private var nextID: UInt64 = 1

    /// Whether the source has to wait.
    var isFull: Bool { self.batches.count - self.first >= Self.unsettledMax }

    /// A batch is about to be handed over.
    ///
    /// - Parameter end: Where the next one begins.
    /// - Returns: Its name.
    mutating func begin(end: TailCursor) -> UInt64 {
        defer { self.nextID += 1 }
        self.batches.append(Batch(id: self.nextID, end: end))
        return self.nextID
    }

    /// A session begins behind the batches so far.
    ///
    /// - Returns: Where it begins, if all before is settled.
    mutating func begin(session: TailCursor) -> TailCursor? {
        let id = self.begin(end: session)
        guard let place = self.batches.indices.last else { return nil }
        self.batches[place].isSettled = true
        return self.batches[self.first].id == id ? self.advance() : nil
    }

    /// Batches have their fates.
    ///
    /// - Parameters:
    ///   - settlements: The fates.
    ///   - isStopping: Whether the run ends. What was lost before that is lost by the pipeline's own rules, and reading it
    ///     again would lose it again; what is lost now may find its place in the next run.
    /// - Returns: How far all is settled, if that is farther than before.
    mutating func settle(_ settlements: [Settlement], isStopping: Bool) -> TailCursor? {
        guard let firstID = self.batches[self.first...].first?.id else { return nil }
        for settlement in settlements where settlement.batch >= firstID {
            let place = self.first + Int(settlement.batch - firstID)
            guard place < self.batches.count else { continue }
            if isStopping, settlement.rejected > 0 || settlement.dropped > 0 { continue }
            self.batches[place].isSettled = true
        }
        return self.advance()
    }

    // MARK: - Private

    /// Passes over what is settled; where that ends, if it is farther than before.
    private mutating func advance() -> TailCursor? {
        var reached: TailCursor?
        while self.first < self.batches.count, self.batches[self.first].isSettled {
            reached = self.batches[self.first].end
            self.first += 1
        }
        if self.first > 1024, self.first > self.batches.count / 2 {
            self.batches.removeFirst(self.first)
            self.first = 0
        }
        return reached
    }
}

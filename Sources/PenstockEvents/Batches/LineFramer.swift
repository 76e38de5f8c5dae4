//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Cuts what is read into lines, and lines into batches, in the memory it was read into.
///
/// A line ends with LF, or CRLF; the last one may lack its end. Empty lines are no events, but they count for
/// positions. A line longer than the limit becomes a batch of its own with the defect `lineTooLong` and only its first
/// bytes, and framing goes on behind it: memory never holds more of it than the limit and one read.
///
/// The owner reads into `space()`, tells `received(_:)`, takes every batch of `next(arrival:)`, and reads again. At the
/// end of an input it calls `finish()` and takes what `next(arrival:)` still has.
struct LineFramer: ~Copyable {
    /// What the framer holds to.
    struct Limits {
        /// The most events of a batch.
        var eventsMax: Int
        /// The longest line that is an event.
        var lineBytesMax: Int
        /// Whether a CR before the LF belongs to the line end.
        var stripsCarriageReturn = true
    }

    /// How much of a line that is too long is kept for its dead letter.
    static let cutBytes = 4096

    private let limits: Limits
    private let pool: EventBufferPool
    private let sourceIndex: Int
    /// A read is worth while for this many bytes; with less room the rest moves to the next buffer.
    private let readMin: Int

    /// How much comes in all, if that is less than a buffer of the usual size is good for.
    private let smallBytes: Int?
    private var buffer: EventBuffer?
    /// How many bytes of the buffer were read.
    private var filled = 0
    /// Where the next line begins.
    private var lineStart = 0
    /// Up to where it is known that the next line does not end.
    private var searched = 0
    private var slicesUsed = 0
    /// The position of the next line.
    private(set) var position: UInt64 = 1
    /// Which stream of positions the batches belong to; nil for that of the run.
    private var session: UInt64?
    /// In the rest of a line that was too long.
    private var isSkipping = false

    /// Creates a framer at line 1.
    ///
    /// - Parameters:
    ///   - limits: What it holds to.
    ///   - pool: Where its buffers come from.
    ///   - sourceIndex: Which source it reads for.
    ///   - bytes: How much comes in all; nil when nobody knows.
    init(limits: Limits, pool: EventBufferPool, sourceIndex: Int, bytes: Int? = nil) {
        self.smallBytes = bytes.flatMap { $0 <= pool.byteCapacity / 4 ? $0 : nil }
        self.limits = limits
        self.pool = pool
        self.sourceIndex = sourceIndex
        self.readMin = max(1, pool.byteCapacity / 4)
    }

    /// Where the next bytes may be read to; never empty.
    mutating func space() -> UnsafeMutableRawBufferPointer {
        let buffer = self.bufferWithSpace()
        let free = buffer.storage.byteCapacity - self.filled
        return UnsafeMutableRawBufferPointer(start: buffer.storage.bytes + self.filled, count: free)
    }

    /// Tells that `count` bytes were put at the beginning of `space()`.
    mutating func received(_ count: Int) {
        self.filled += count
    }

    /// Tells that the input has ended: what is left is its last line.
    ///
    /// The next input begins with line 1.
    ///
    /// Take all batches before it and after it; `restart()` then begins the next input.
    mutating func finish() {
        guard let buffer = self.buffer, self.lineStart < self.filled, !self.isSkipping else { return }
        // Within the allocation: there is one byte more than the capacity.
        buffer.storage.bytes[self.filled] = UInt8(ascii: "\n")
        self.filled += 1
    }

    /// Begins the next input, at line 1.
    mutating func restart() {
        self.lineStart = self.filled
        self.searched = self.filled
        self.position = 1
        self.isSkipping = false
    }

    /// Begins at another position than line 1, before anything was received.
    mutating func begin(at position: UInt64, session: UInt64) {
        self.position = position
        self.session = session
    }

    /// The next batch of complete lines; nil when more has to be read.
    mutating func next(arrival: UInt64) -> EventBatch? {
        guard var buffer = self.buffer else { return nil }
        if self.slicesUsed == buffer.storage.sliceCapacity { buffer = self.moveRest(of: buffer) }
        let storage = buffer.storage
        let firstSlice = self.slicesUsed
        let firstByte = self.lineStart
        let firstPosition = self.position
        let slicesEnd = min(storage.sliceCapacity, firstSlice + self.limits.eventsMax)
        while self.slicesUsed < slicesEnd {
            guard let end = self.lineEnd(in: storage) else {
                // One more for a CR that may turn out to belong to the line end.
                let isTooLong = self.filled - self.lineStart > self.limits.lineBytesMax + 1
                guard isTooLong, self.slicesUsed == firstSlice else { break }
                return self.takeTooLong(in: buffer, arrival: arrival)
            }
            var length = end - self.lineStart
            if self.limits.stripsCarriageReturn, length > 0, storage.bytes[end - 1] == UInt8(ascii: "\r") {
                length -= 1
            }
            if length > self.limits.lineBytesMax {
                guard self.slicesUsed == firstSlice else { break }
                return self.takeTooLong(in: buffer, arrival: arrival)
            }
            if length > 0 {
                storage.slices[self.slicesUsed] = EventSlice(
                    offset: UInt32(self.lineStart),
                    length: UInt32(length),
                    positionOffset: UInt32(self.position - firstPosition)
                )
                self.slicesUsed += 1
            }
            self.position += 1
            self.lineStart = end + 1
            self.searched = self.lineStart
        }
        guard self.slicesUsed > firstSlice else { return nil }
        return EventBatch(
            buffer: buffer,
            slices: firstSlice..<self.slicesUsed,
            sourceIndex: self.sourceIndex,
            firstPosition: firstPosition,
            arrival: arrival,
            byteCharge: self.charge(from: firstByte, in: storage),
            session: self.session
        )
    }

    // MARK: - Private

    /// Where the next line ends; nil when its end was not read yet.
    ///
    /// Passes over the rest of a line that was too long.
    private mutating func lineEnd(in storage: EventStorage) -> Int? {
        while self.searched < self.filled {
            let from = storage.bytes + self.searched
            guard let found = memchr(from, Int32(UInt8(ascii: "\n")), self.filled - self.searched) else {
                self.searched = self.filled
                if self.isSkipping { self.lineStart = self.filled }
                return nil
            }
            let end = UnsafeRawPointer(found) - UnsafeRawPointer(storage.bytes)
            self.searched = end
            if !self.isSkipping { return end }
            self.isSkipping = false
            self.position += 1
            self.lineStart = end + 1
            self.searched = self.lineStart
        }
        return nil
    }

    /// A batch with the beginning of the line that is too long; the rest is passed over.
    private mutating func takeTooLong(in buffer: EventBuffer, arrival: UInt64) -> EventBatch {
        let storage = buffer.storage
        var length = min(Self.cutBytes, self.limits.lineBytesMax)
        // A character that the cut would part is left out, so that text stays text.
        for back in 0..<min(4, length) where storage.bytes[self.lineStart + length - back] & 0xC0 != 0x80 {
            length -= back
            break
        }
        let slice = self.slicesUsed
        storage.slices[slice] = EventSlice(offset: UInt32(self.lineStart), length: UInt32(length), positionOffset: 0)
        self.slicesUsed += 1
        let firstByte = self.lineStart
        // The search goes on where it was: at the line's end, or behind all that was read.
        self.isSkipping = true
        self.lineStart = self.searched
        return EventBatch(
            buffer: buffer,
            slices: slice..<slice + 1,
            sourceIndex: self.sourceIndex,
            firstPosition: self.position,
            arrival: arrival,
            byteCharge: self.charge(from: firstByte, in: storage),
            defect: .lineTooLong,
            session: self.session
        )
    }

    /// What a batch keeps from other uses: its part of the buffer, and with the last part also what stays unused.
    private func charge(from firstByte: Int, in storage: EventStorage) -> Int {
        let isLast = !self.hasSpace(in: storage)
        return (isLast ? storage.byteCapacity : self.lineStart) - firstByte
    }

    private func hasSpace(in storage: EventStorage) -> Bool {
        storage.byteCapacity - self.filled >= self.readMin && self.slicesUsed < storage.sliceCapacity
    }

    /// The buffer, or the next one with the unfinished line moved to its beginning.
    private mutating func bufferWithSpace() -> EventBuffer {
        let isEmpty = self.lineStart == self.filled
        let isFree = isEmpty && isKnownUniquelyReferenced(&self.buffer)
        guard let buffer = self.buffer else {
            return self.begin(self.smallBytes.map(self.pool.takeSmall) ?? self.pool.take())
        }
        if isFree, buffer.storage.byteCapacity == self.pool.byteCapacity { return self.begin(buffer) }
        if self.hasSpace(in: buffer.storage) { return buffer }
        let pending = self.filled - self.lineStart
        if pending + self.readMin <= self.pool.byteCapacity { return self.moveRest(of: buffer) }
        // Doubling keeps the copying of a long line in proportion to its length.
        let largest = self.limits.lineBytesMax + self.pool.byteCapacity
        return self.moveRest(of: buffer, byteCapacity: max(pending + self.readMin, min(2 * pending, largest)))
    }

    /// The next buffer, with what has not been framed yet at its beginning.
    private mutating func moveRest(of buffer: EventBuffer, byteCapacity: Int = 0) -> EventBuffer {
        let pending = self.filled - self.lineStart
        let searched = self.searched - self.lineStart
        let next = self.pool.take(byteCapacity: max(byteCapacity, pending))
        next.storage.bytes.update(from: buffer.storage.bytes + self.lineStart, count: pending)
        _ = self.begin(next)
        self.filled = pending
        self.searched = searched
        return next
    }

    private mutating func begin(_ buffer: EventBuffer) -> EventBuffer {
        self.buffer = buffer
        self.filled = 0
        self.lineStart = 0
        self.searched = 0
        self.slicesUsed = 0
        return buffer
    }
}

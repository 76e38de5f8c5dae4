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

/// Puts batches one behind the other into buffers of a pool.
///
/// What a store gives back comes into memory so, and small batches of a source: each would otherwise keep the whole
/// buffer that it stands in.
struct BatchPacker {
    /// A batch of fewer bytes is worth a copy.
    static let smallBytes = EventBufferPool.usualByteCapacity / 16

    private let pool: EventBufferPool
    private var buffer: EventBuffer?
    private var filled = 0
    private var slicesUsed = 0

    /// Creates a packer without a buffer.
    init(pool: EventBufferPool) {
        self.pool = pool
    }

    /// A copy of a batch of a source that was not handed over yet, if it is small; otherwise the batch itself.
    mutating func pack(_ batch: EventBatch) -> EventBatch {
        let range = batch.byteRange
        guard range.count < Self.smallBytes else { return batch }
        let (buffer, start) = self.room(bytes: range.count + 1, slices: batch.count)
        let storage = buffer.storage
        batch.withEvents { bytes, slices in
            self.append(UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count), to: storage)
            for (place, slice) in slices.enumerated() {
                var moved = slice
                moved.offset = UInt32(truncatingIfNeeded: start + Int(slice.offset) - range.lowerBound)
                storage.slices[self.slicesUsed + place] = moved
            }
        }
        let slices = self.slicesUsed..<self.slicesUsed + batch.count
        self.slicesUsed = slices.upperBound
        let copy = EventBatch(
            buffer: buffer,
            slices: slices,
            sourceIndex: batch.sourceIndex,
            firstPosition: batch.firstPosition,
            arrival: batch.arrival,
            byteCharge: range.count + 1,
            defect: batch.defect,
            session: batch.session
        )
        copy.receipt = batch.receipt
        return copy
    }

    /// A batch that a store gives back.
    ///
    /// One that is not as it was counts as many events as it is said to have, each with a defect.
    ///
    /// - Parameters:
    ///   - stored: What the store has given.
    ///   - sourceIndex: The source's place among those of the pipeline; 0 when it has none of its name.
    ///   - arrival: When it arrived, on the pipeline's clock.
    mutating func unpack(_ stored: StoredBatch, sourceIndex: Int, arrival: UInt64) -> EventBatch {
        let (buffer, start) = self.room(bytes: stored.byteCount + 1, slices: stored.count)
        stored.withLines { self.append($0, to: buffer.storage) }
        let firstSlice = self.slicesUsed
        let end = start + stored.byteCount
        var isIntact = stored.isIntact
        if isIntact {
            let strips = stored.format.contains(.stripsCarriageReturn)
            isIntact = self.frame(start..<end, into: stored.count, stripsCarriageReturn: strips, buffer.storage)
        }
        if !isIntact { self.cut(start..<end, into: stored.count, buffer.storage) }
        self.slicesUsed = firstSlice + stored.count
        let defect: EventBatch.Defect = stored.format.contains(.isCut) ? .lineTooLong : .none
        return EventBatch(
            buffer: buffer,
            slices: firstSlice..<self.slicesUsed,
            sourceIndex: sourceIndex,
            firstPosition: stored.firstPosition,
            arrival: arrival,
            byteCharge: stored.byteCount + 1,
            defect: isIntact ? defect : .damaged,
            session: stored.session,
            recalled: EventBatch.Recalled(source: stored.source, receivedAt: stored.receivedAt)
        )
    }

    // MARK: - Private

    /// A buffer with room, and where the room begins.
    private mutating func room(bytes: Int, slices: Int) -> (EventBuffer, start: Int) {
        if let buffer = self.buffer, buffer.storage.byteCapacity - self.filled >= bytes,
            buffer.storage.sliceCapacity - self.slicesUsed >= slices
        {
            return (buffer, self.filled)
        }
        let buffer = self.pool.take(byteCapacity: max(bytes, slices * 16))
        self.buffer = buffer
        self.filled = 0
        self.slicesUsed = 0
        return (buffer, 0)
    }

    /// Appends lines, and an LF.
    private mutating func append(_ lines: UnsafeRawBufferPointer, to storage: EventStorage) {
        let target = UnsafeMutableRawPointer(storage.bytes + self.filled)
        if let base = lines.baseAddress { target.copyMemory(from: base, byteCount: lines.count) }
        storage.bytes[self.filled + lines.count] = UInt8(ascii: "\n")
        self.filled += lines.count + 1
    }

    /// Notes where the events stand; false when there are more or fewer than so many.
    private func frame(
        _ range: Range<Int>,
        into count: Int,
        stripsCarriageReturn: Bool,
        _ storage: EventStorage
    ) -> Bool {
        var found = 0
        var offset: UInt32 = 0
        var start = range.lowerBound
        while start < range.upperBound {
            let end = self.lineEnd(from: start, range.upperBound, storage)
            var length = end - start
            // The last line stands there without its end.
            if stripsCarriageReturn, end < range.upperBound, length > 0,
                storage.bytes[end - 1] == UInt8(ascii: "\r")
            {
                length -= 1
            }
            if length > 0 {
                guard found < count else { return false }
                self.note(found, start, length, offset, storage)
                found += 1
            }
            offset += 1
            start = end + 1
        }
        return found == count
    }

    /// Notes so many pieces of bytes that may be anything, cut at line ends as far as there are any.
    private func cut(_ range: Range<Int>, into count: Int, _ storage: EventStorage) {
        var start = range.lowerBound
        for piece in 0..<count {
            let isLast = piece == count - 1
            let end = isLast ? range.upperBound : self.lineEnd(from: start, range.upperBound, storage)
            self.note(piece, start, end - start, UInt32(truncatingIfNeeded: piece), storage)
            start = min(end + 1, range.upperBound)
        }
    }

    private func lineEnd(from start: Int, _ end: Int, _ storage: EventStorage) -> Int {
        guard start < end, let found = memchr(storage.bytes + start, Int32(UInt8(ascii: "\n")), end - start) else {
            return end
        }
        return UnsafeRawPointer(found) - UnsafeRawPointer(storage.bytes)
    }

    private func note(_ place: Int, _ start: Int, _ length: Int, _ position: UInt32, _ storage: EventStorage) {
        storage.slices[self.slicesUsed + place] = EventSlice(
            offset: UInt32(truncatingIfNeeded: start),
            length: UInt32(truncatingIfNeeded: length),
            positionOffset: position
        )
    }
}

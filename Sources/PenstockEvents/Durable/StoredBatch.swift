//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A batch of events as a durable queue keeps it.
///
/// A store keeps all that the initialiser takes, and need not understand any of it.
public struct StoredBatch: Sendable {
    /// How the lines are to be read.
    public struct Format: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Creates a format of bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A CR before the LF belongs to the line's end.
        static let stripsCarriageReturn = Format(rawValue: 1)
        /// The one line is the beginning of a line that was longer than lines may be.
        static let isCut = Format(rawValue: 2)
    }

    /// Where the lines are.
    enum Content: Sendable {
        /// In the memory that the source has read them into: the bytes of the batch from the first event's to the
        /// last's end.
        case batch(EventBatch, Range<Int>)
        case bytes([UInt8])
    }

    /// Its place in the queue; unique in its store.
    public let number: Int64
    /// The name of the source.
    public let source: String
    /// Which stream of the source's positions it belongs to.
    public let session: UInt64
    /// The position of the first line.
    public let firstPosition: UInt64
    /// When it arrived, in nanoseconds since 1970.
    public let receivedAt: Int64
    /// How many events it has.
    public let count: Int
    /// How the lines are to be read.
    public let format: Format
    /// Over everything but the number: what a store has kept and what it gives back is compared by it.
    public let checksum: UInt64
    private let content: Content

    /// Creates a batch that a store has read.
    ///
    /// - Parameters:
    ///   - number: Its place in the queue.
    ///   - source: The name of the source.
    ///   - session: Which stream of the source's positions it belongs to.
    ///   - firstPosition: The position of the first line.
    ///   - receivedAt: When it arrived, in nanoseconds since 1970.
    ///   - count: How many events it has.
    ///   - format: How the lines are to be read.
    ///   - checksum: The checksum as it was kept.
    ///   - lines: The lines as they were kept.
    public init(
        number: Int64,
        source: String,
        session: UInt64,
        firstPosition: UInt64,
        receivedAt: Int64,
        count: Int,
        format: Format,
        checksum: UInt64,
        lines: [UInt8]
    ) {
        self.number = number
        self.source = source
        self.session = session
        self.firstPosition = firstPosition
        self.receivedAt = receivedAt
        self.count = Self.plausible(count: count, bytes: lines.count)
        self.format = format
        self.checksum = checksum
        self.content = .bytes(lines)
    }

    /// Creates a batch of lines, as a pipeline gives it to a store: for tests of stores.
    ///
    /// - Parameters:
    ///   - number: Its place in the queue.
    ///   - source: The name of the source.
    ///   - session: Which stream of the source's positions it belongs to.
    ///   - firstPosition: The position of the first line.
    ///   - receivedAt: When it arrived, in nanoseconds since 1970.
    ///   - lines: The events, at least one, with an LF behind each but the last.
    public init(
        number: Int64,
        source: String,
        session: UInt64,
        firstPosition: UInt64 = 1,
        receivedAt: Int64 = 0,
        lines: [UInt8]
    ) {
        self.number = number
        self.source = source
        self.session = session
        self.firstPosition = firstPosition
        self.receivedAt = receivedAt
        self.count = Self.plausible(
            count: lines.split(separator: UInt8(ascii: "\n")).count,
            bytes: lines.count
        )
        self.format = []
        self.content = .bytes(lines)
        self.checksum = Self.checksum(
            of: self.content,
            source: source,
            numbers: [session, firstPosition, UInt64(bitPattern: receivedAt), UInt64(self.count), 0]
        )
    }

    /// Makes a batch of one that a source has handed over; its lines are not copied.
    ///
    /// - Parameters:
    ///   - batch: The batch; not empty.
    ///   - number: Its place in the queue.
    ///   - source: The name of the source.
    ///   - session: The session of sources that have none of their own.
    ///   - receivedAt: When it arrived, in nanoseconds since 1970.
    ///   - stripsCarriageReturn: Whether a CR before the LF belongs to the line's end.
    init(
        _ batch: EventBatch,
        number: Int64,
        source: String,
        session: UInt64,
        receivedAt: Int64,
        stripsCarriageReturn: Bool
    ) {
        self.number = number
        self.source = source
        self.session = batch.session ?? session
        self.receivedAt = receivedAt
        self.count = batch.count
        var format: Format = stripsCarriageReturn ? .stripsCarriageReturn : []
        if case .lineTooLong = batch.defect { format.insert(.isCut) }
        self.format = format
        let range = batch.byteRange
        let firstOffset = batch.withEvents { _, slices in UInt64(slices[0].positionOffset) }
        self.firstPosition = batch.firstPosition &+ firstOffset
        self.content = .batch(batch, range)
        self.checksum = Self.checksum(
            of: self.content,
            source: source,
            numbers: [
                self.session, self.firstPosition, UInt64(bitPattern: receivedAt), UInt64(batch.count),
                UInt64(format.rawValue),
            ]
        )
    }

    /// How many bytes its lines have.
    public var byteCount: Int {
        switch self.content {
        case .batch(_, let range): range.count
        case .bytes(let bytes): bytes.count
        }
    }

    /// What it counts towards the limit on stored bytes: its lines, and what a row of a table needs besides.
    var charge: Int { self.byteCount + JournalScribe.rowBytes }

    /// Whether it is as it was when it was made.
    public var isIntact: Bool {
        self.checksum
            == Self.checksum(
                of: self.content,
                source: self.source,
                numbers: [
                    self.session, self.firstPosition, UInt64(bitPattern: self.receivedAt), UInt64(self.count),
                    UInt64(self.format.rawValue),
                ]
            )
    }

    /// Its lines, for the time of a call: each with an LF behind it but for the last, empty ones among them.
    public func withLines<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self.content {
        case .batch(let batch, let range):
            return try batch.withEvents { bytes, _ in
                try body(UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count))
            }
        case .bytes(let bytes): return try bytes.withUnsafeBytes(body)
        }
    }

    /// A count of events that so many bytes can hold; what a store with faults says may be anything.
    ///
    /// - Parameters:
    ///   - count: How many events there are said to be.
    ///   - bytes: How many bytes they have.
    public static func plausible(count: Int, bytes: Int) -> Int { max(1, min(count, bytes)) }

    // MARK: - Private

    private static func checksum(of content: Content, source: String, numbers: [UInt64]) -> UInt64 {
        var sum = Checksum()
        var source = source
        source.withUTF8 { sum.add(UnsafeRawBufferPointer($0)) }
        for number in numbers { sum.add(number) }
        switch content {
        case .bytes(let bytes): bytes.withUnsafeBytes { sum.add($0) }
        case .batch(let batch, let range):
            batch.withEvents { bytes, _ in
                sum.add(UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count))
            }
        }
        return sum.value
    }
}

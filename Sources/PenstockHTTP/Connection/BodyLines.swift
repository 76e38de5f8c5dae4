//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// The lines of a body, as they come.
///
/// The array of a body of unknown length would be copied each time it has to grow, megabytes at a time, while the other
/// connections of its event loop wait. So there are segments, and who takes the lines puts them together elsewhere.
struct BodyLines: Sendable {
    /// How many bytes a segment has at least.
    private static let segmentBytes = 64 << 10
    /// How many more there is room for: the most that comes at a time.
    private static let pieceBytes = 16 << 10

    /// Where the next bytes go, after a call of ``makeRoom()``.
    ///
    /// The last byte that was added stands here whenever there is one: who adds may look back at it.
    var end: [UInt8] = []
    private var segments: [[UInt8]] = []
    private var isOfKnownLength = false

    /// Makes room for a whole body.
    ///
    /// - Parameter bytes: Its length.
    mutating func reserve(_ bytes: Int) {
        self.isOfKnownLength = true
        self.end.reserveCapacity(bytes)
    }

    /// Begins another segment if the last one would have to grow.
    mutating func makeRoom() {
        guard !self.isOfKnownLength, self.end.count >= Self.segmentBytes,
            self.end.capacity - self.end.count < Self.pieceBytes
        else { return }
        let last = self.end.removeLast()
        self.segments.append(self.end)
        self.end = []
        self.end.reserveCapacity(Self.segmentBytes + Self.pieceBytes)
        self.end.append(last)
    }

    /// Gives all bytes away as one array.
    mutating func take() -> [UInt8] {
        defer { (self.segments, self.end) = ([], []) }
        guard !self.segments.isEmpty else { return self.end }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.segments.reduce(self.end.count) { $0 + $1.count })
        for segment in self.segments { bytes.append(contentsOf: segment) }
        bytes.append(contentsOf: self.end)
        return bytes
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Finds `service` and `status` in the line that the job's number names.
struct ScanWork: BenchWork {
    let lines: EventLines

    @inline(__always)
    func run(_ job: BenchJob) -> ScanOutput {
        let index = job.number & (self.lines.count - 1)
        let start = self.lines.starts[index]
        let found = self.lines.bytes.withUnsafeBufferPointer { bytes in
            Self.scan(UnsafeBufferPointer(rebasing: bytes[start..<self.lines.starts[index + 1]]))
        }
        return ScanOutput(
            due: job.due,
            start: UInt32(truncatingIfNeeded: start + found.service.lowerBound),
            length: UInt16(truncatingIfNeeded: found.service.count),
            status: UInt16(truncatingIfNeeded: found.status),
            prefix: found.prefix
        )
    }

    func tally() -> Tally { Tally(lines: self.lines) }

    /// Not inlined, as ``SpinWork``'s loop.
    @inline(never)
    private static func scan(_ line: UnsafeBufferPointer<UInt8>) -> LineScan { LineScan(line) }
}

/// Where the service stands in the lines' bytes, and the status.
struct ScanOutput: BenchOutput {
    let due: UInt64
    let start: UInt32
    let length: UInt16
    let status: UInt16
    /// The service's first 8 bytes: who counts it need not look at the line again, which by then is on another core.
    let prefix: UInt64

    @inline(__always)
    func count(in tally: inout Tally) { tally.services.count(self) }
}

/// The scan of one line, a flat JSON object, byte by byte: the same loop in every language.
///
/// What is no such object gives nonsense, and nothing worse.
struct LineScan {
    private(set) var service = 0..<0
    private(set) var status = 0
    /// The service's first 8 bytes, or all of them and zeros.
    private(set) var prefix: UInt64 = 0

    @inline(__always)
    init(_ line: UnsafeBufferPointer<UInt8>) {
        var at = 1
        while at < line.count, line[at] != UInt8(ascii: "}") {
            guard line[at] == UInt8(ascii: "\"") else {
                at += 1
                continue
            }
            let key = (at + 1)..<Self.stringEnd(line, at + 1)
            at = key.upperBound + 1
            while at < line.count, line[at] != UInt8(ascii: ":") { at += 1 }
            at += 1
            guard at < line.count else { return }
            if line[at] == UInt8(ascii: "\"") {
                let end = Self.stringEnd(line, at + 1)
                if Self.equal(line, key, "service") {
                    self.service = (at + 1)..<end
                    self.prefix = Self.prefix(line, self.service)
                }
                at = end + 1
                continue
            }
            let isStatus = Self.equal(line, key, "status")
            while at < line.count, line[at] != UInt8(ascii: ","), line[at] != UInt8(ascii: "}") {
                if isStatus { self.status = self.status &* 10 &+ Int(line[at]) &- 48 }
                at += 1
            }
        }
    }

    /// The place of the quote that ends the string whose first byte is at `start`.
    @inline(__always)
    private static func stringEnd(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < line.count, line[at] != UInt8(ascii: "\"") {
            if line[at] == UInt8(ascii: "\\") { at += 1 }
            at += 1
        }
        return min(at, line.count)
    }

    @inline(__always)
    private static func prefix(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt64 {
        guard range.lowerBound + 8 <= line.count else {
            return line[range].prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let bytes = UnsafeRawBufferPointer(line)
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
        return range.count < 8 ? word & ((1 << UInt64(range.count * 8)) - 1) : word
    }

    @inline(__always)
    private static func equal(_ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count where line[range.lowerBound + offset] != word.utf8Start[offset] { return false }
        return true
    }
}

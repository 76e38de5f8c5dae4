//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// Bodies as gzip makes them.
enum Zipped {
    /// "zip\nzap\n".
    static let lines: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xAB, 0xCA, 0x2C, 0xE0, 0xAA, 0x4A, 0x2C,
        0xE0, 0x02, 0x00, 0x60, 0x3F, 0x73, 0x85, 0x08, 0x00, 0x00, 0x00,
    ]

    /// 32 MiB of one byte in about 200 KiB: a block that repeats what stands before it, without an end.
    static let bomb: [UInt8] = {
        // A block with fixed codes: the literal 0, and then copies of the 258 bytes before.
        var bits = BitWriter()
        bits.put(0b0, 1)
        bits.put(0b01, 2)
        bits.putReversed(0b0011_0000, 8)
        for _ in 0..<(32 << 20) / 258 {
            // Length 258 is code 285; distance 1 is code 0.
            bits.putReversed(0b1100_0101, 8)
            bits.putReversed(0b00000, 5)
        }
        return [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03] + bits.bytes
    }()

    /// Puts bits together as deflate wants them.
    private struct BitWriter {
        private(set) var bytes: [UInt8] = []
        private var held: UInt32 = 0
        private var count: UInt32 = 0

        mutating func put(_ value: UInt32, _ bits: UInt32) {
            self.held |= value << self.count
            self.count += bits
            while self.count >= 8 {
                self.bytes.append(UInt8(truncatingIfNeeded: self.held))
                self.held >>= 8
                self.count -= 8
            }
        }

        /// Codes of Huffman begin with their highest bit.
        mutating func putReversed(_ code: UInt32, _ bits: UInt32) {
            for bit in (0..<bits).reversed() { self.put(code >> bit & 1, 1) }
        }
    }
}
#endif

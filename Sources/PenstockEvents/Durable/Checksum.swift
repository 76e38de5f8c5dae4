//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A checksum that finds what a disk has changed: 64 bits, several bytes a nanosecond. It is no protection against
/// people.
struct Checksum {
    private var sum: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The sum of everything added so far.
    var value: UInt64 { Self.mixed(self.sum) }

    /// Adds a number.
    mutating func add(_ number: UInt64) {
        self.sum = Self.mixed(self.sum ^ number) &+ 0x9FB2_1C65_1E98_DF25
    }

    /// Adds bytes, and how many they are.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // Four sums that do not wait for one another.
        var lanes: SIMD4<UInt64> = [self.sum, ~self.sum, self.sum &* 3, self.sum &* 5]
        let prime: UInt64 = 0x9FB2_1C65_1E98_DF25
        var place = 0
        while place + 32 <= bytes.count {
            for lane in 0..<4 {
                let word = bytes.loadUnaligned(fromByteOffset: place + lane * 8, as: UInt64.self)
                let mixed = (lanes[lane] ^ word) &* prime
                lanes[lane] = mixed ^ (mixed >> 29)
            }
            place += 32
        }
        for lane in 0..<4 { self.add(lanes[lane]) }
        var last: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes[place...] {
            last |= UInt64(byte) << shift
            shift += 8
            if shift == 64 {
                self.add(last)
                last = 0
                shift = 0
            }
        }
        self.add(last)
        self.add(UInt64(bytes.count))
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

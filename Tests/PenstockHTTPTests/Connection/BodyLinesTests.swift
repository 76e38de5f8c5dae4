//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockTesting
import Testing

@testable import PenstockHTTP

/// A long body is put together without being copied while it comes.
struct BodyLinesTests {
    @Test(arguments: UInt64(1)...20) func allBytesComeOutInOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lines = BodyLines()
        var expected: [UInt8] = []
        for _ in 0..<Int.random(in: 0...200, using: &random) {
            let piece = (0..<Int.random(in: 0...16 << 10, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            lines.makeRoom()
            #expect(lines.end.last == expected.last, "seed \(seed)")
            lines.end.append(contentsOf: piece)
            expected += piece
            #expect(lines.end.count < 192 << 10, "seed \(seed): a segment grew")
        }
        #expect(lines.take() == expected, "seed \(seed)")
        #expect(lines.take().isEmpty)
    }

    @Test func bodyOfKnownLengthIsOneArray() {
        var lines = BodyLines()
        lines.reserve(1 << 20)
        let place = lines.end.withUnsafeBufferPointer { $0.baseAddress }
        for _ in 0..<1024 {
            lines.makeRoom()
            lines.end.append(contentsOf: [UInt8](repeating: 0, count: 1024))
        }
        let bytes = lines.take()
        #expect(bytes.count == 1 << 20)
        #expect(bytes.withUnsafeBufferPointer { $0.baseAddress } == place)
    }
}
#endif

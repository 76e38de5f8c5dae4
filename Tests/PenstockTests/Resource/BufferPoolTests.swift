//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BufferPoolTests {
    private func code(_ body: () throws(PenstockError) -> Void) -> PenstockError.Code? {
        do throws(PenstockError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a buffer is used again, with the bytes of its last use`() throws {
        let pool = BufferPool(byteCapacity: 16, countMax: 2)
        var first = try pool.lease()
        first.withMutableBytes { bytes in bytes.storeBytes(of: UInt8(7), toByteOffset: 3, as: UInt8.self) }
        #expect(first.withBytes { $0.unsafeLoad(fromByteOffset: 3, as: UInt8.self) } == 7)
        first.release()
        let second = try pool.lease()
        #expect(second.withBytes { $0.unsafeLoad(fromByteOffset: 3, as: UInt8.self) } == 7)
        #expect(second.byteCapacity == 16)
        #expect(pool.snapshot().created == 1 && pool.snapshot().isBalanced)
    }

    @Test func `buffers and bytes are bounded, and idle buffers make room for a larger one`() throws {
        let pool = BufferPool(byteCapacity: 10, countMax: 3, bytesMax: 40)
        do {
            let first = try pool.lease()
            let second = try pool.lease()
            let third = try pool.lease()
            #expect(self.code { () throws(PenstockError) in _ = try pool.lease() } == .full)
            #expect(first.byteCapacity + second.byteCapacity + third.byteCapacity == 30)
        }
        #expect(pool.snapshot().idle == 3 && pool.snapshot().bytes == 30)
        let large = try pool.lease(byteCapacity: 35)
        #expect(large.byteCapacity == 35)
        #expect(pool.snapshot().bytes == 35 && pool.snapshot().destroyed == 3)
        #expect(self.code { () throws(PenstockError) in _ = try pool.lease() } == .full)
        #expect(self.code { () throws(PenstockError) in _ = try pool.lease(byteCapacity: 41) } == .tooLarge)
        large.release()
        let last = pool.snapshot()
        #expect(last.bytes == 0 && last.idle == 0 && last.leased == 0 && last.refused == 3 && last.isBalanced)
    }

    @Test func `any number of buffers may be allowed, where the bytes bound them`() throws {
        let pool = BufferPool(byteCapacity: 10, countMax: .max, bytesMax: 20)
        #expect(BufferPool(byteCapacity: 10, countMax: .max).bytesMax == .max)
        let first = try pool.lease()
        let second = try pool.lease()
        #expect(self.code { () throws(PenstockError) in _ = try pool.lease() } == .full)
        #expect(first.byteCapacity + second.byteCapacity == 20)
    }

    @Test func `many tasks share few buffers, each for one at a time`() async {
        await withWatchdog {
            let pool = BufferPool(byteCapacity: 64, countMax: 4)
            let wrong = Notes<Int>()
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for _ in 0..<scaled(2_000) {
                            guard var buffer = try? pool.lease(byteCapacity: task == 0 ? 100 : nil) else { continue }
                            buffer.withMutableBytes { $0.storeBytes(of: task, as: Int.self) }
                            await Task.yield()
                            if buffer.withBytes({ $0.unsafeLoad(as: Int.self) }) != task { wrong.add(task) }
                            let snapshot = pool.snapshot()
                            if !snapshot.isBalanced || snapshot.leased + snapshot.idle > 4 { wrong.add(-1) }
                            if snapshot.bytes > pool.bytesMax { wrong.add(-2) }
                        }
                    }
                }
            }
            #expect(wrong.all.isEmpty)
            #expect(pool.snapshot().leased == 0 && pool.snapshot().isBalanced)
            #expect(pool.snapshot().refused > 0 && pool.snapshot().served > 0)
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockTesting
import Testing

@testable import Penstock

@Suite(.timeLimit(.minutes(5)))
struct LockTests {
    @Test func `both locks let one thread in at a time`() async {
        await withWatchdog {
            let executor = ThreadExecutor(threads: 4, name: "locks")
            let futex = FutexLocked((count: 0, inside: 0, most: 0))
            let mutex = Locked((count: 0, inside: 0, most: 0))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask(executorPreference: executor) {
                        for _ in 0..<scaled(20_000) {
                            futex.withLock { state in
                                state.inside += 1
                                state.most = max(state.most, state.inside)
                                state.count += 1
                                state.inside -= 1
                            }
                            mutex.withLock { state in
                                state.inside += 1
                                state.most = max(state.most, state.inside)
                                state.count += 1
                                state.inside -= 1
                            }
                        }
                    }
                }
            }
            let (one, other) = (futex.withLock { $0 }, mutex.withLock { $0 })
            #expect(one.count == 4 * scaled(20_000) && one.most == 1)
            #expect(other.count == 4 * scaled(20_000) && other.most == 1)
            futex.destroy()
            executor.shutdown()
        }
    }

    @Test func `a body that throws gives the lock back`() {
        let lock = Locked(0)
        #expect(throws: JobFailure.self) { try lock.withLock { _ throws in throw JobFailure() } }
        #expect(lock.withLock { $0 } == 0)
    }
}

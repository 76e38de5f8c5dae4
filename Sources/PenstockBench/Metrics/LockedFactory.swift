//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CoreMetrics
import Penstock

/// The simplest backend of swift-metrics that counts rightly: a number behind a lock.
final class LockedFactory: MetricsFactory {
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { LockedHandler() }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        LockedHandler()
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { LockedHandler() }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

private final class LockedHandler: CounterHandler, RecorderHandler, TimerHandler {
    private let sum = Locked<Int64>(0)

    func increment(by amount: Int64) { self.sum.withLock { $0 &+= amount } }
    func reset() { self.sum.withLock { $0 = 0 } }
    func record(_ value: Int64) { self.increment(by: value) }
    func record(_ value: Double) { self.increment(by: Int64(value)) }
    func recordNanoseconds(_ duration: Int64) { self.increment(by: duration) }
}

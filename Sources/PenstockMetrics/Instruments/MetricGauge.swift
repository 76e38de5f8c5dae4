//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Synchronization

/// A number that goes up and down.
///
/// Look it up once, with ``MetricsRegistry/gauge(_:_:)``, and keep it. It is one number for all threads, because the last
/// one to set it must win: for what many threads count at once take a ``MetricCounter``.
public final class MetricGauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Its value now.
    public var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    /// Makes it a number.
    public func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }

    /// Makes it more by an amount, or less by a negative one.
    public func add(_ amount: Double) {
        var bits = self.bits.load(ordering: .relaxed)
        while true {
            let (done, found) = self.bits.weakCompareExchange(
                expected: bits,
                desired: (Double(bitPattern: bits) + amount).bitPattern,
                ordering: .relaxed
            )
            if done { return }
            bits = found
        }
    }
}

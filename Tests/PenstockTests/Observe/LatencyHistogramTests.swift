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

@Suite struct LatencyHistogramTests {
    private let shares = [0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]

    /// Compares with the exact percentiles of sorted values.
    private func judge(_ histogram: LatencyHistogram, _ values: [UInt64], _ name: String) {
        let sorted = values.sorted()
        for share in self.shares {
            let rank = max(1, Int((Double(sorted.count) * share).rounded(.up)))
            let (exact, told) = (Double(sorted[rank - 1]), Double(histogram.percentile(share)))
            #expect(abs(told - exact) <= exact * 0.01, "\(name), \(share): \(told) for \(exact)")
        }
        #expect(histogram.count == values.count && histogram.max == sorted.last)
    }

    @Test func `percentiles are within 1 % of the exact ones, over the whole range`() {
        for seed in 0..<UInt64(scaled(40)) {
            var random = SeededGenerator(seed: seed)
            let bits = UInt64(1 + seed % 43)
            let values = (0..<1_000).map { _ in random.next() >> (64 - min(43, bits)) }
            var histogram = LatencyHistogram()
            for value in values { histogram.record(value) }
            self.judge(histogram, values, "seed \(seed)")
        }
    }

    @Test func `each single value is told within 1 %, those below 128 exactly`() {
        for exponent in 0..<43 {
            for offset in [-1, 0, 1, 3, 77] {
                let value = (Int(1) << exponent) + offset * max(1, (1 << exponent) / 100)
                guard value >= 0, value < 1 << 43 else { continue }
                var histogram = LatencyHistogram()
                // A longer one beside it, because the longest is told as it was given.
                histogram.record(UInt64(value), count: 5)
                histogram.record(1 << 43)
                let told = histogram.percentile(0.5)
                let error = abs(Double(told) - Double(value))
                #expect(value < 128 ? error == 0 : error <= Double(value) * 0.01, "\(value) told as \(told)")
            }
        }
    }

    @Test func `merging is recording both`() {
        var random = SeededGenerator(seed: 7)
        let values = (0..<2_000).map { _ in random.next() >> 34 }
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for (index, value) in values.enumerated() {
            if index % 3 == 0 { one.record(value) } else { other.record(value) }
            both.record(value)
        }
        one.merge(other)
        #expect(one == both)
        #expect(one.mean == Double(values.reduce(0, +)) / 2_000)
    }

    @Test func `an empty one tells 0, and a value beyond the range is kept as the longest`() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.99) == 0 && histogram.mean == 0 && histogram.max == 0)
        histogram.record(.max)
        #expect(histogram.max == .max && histogram.percentile(1) > 1 << 42)
    }

    @Test func `counts up to bounds are those of the values, to 1 %`() {
        for seed in 0..<UInt64(scaled(20)) {
            var random = SeededGenerator(seed: seed)
            let values = (0..<1_000).map { _ in random.next() >> (64 - min(43, 5 + seed * 2)) }
            var histogram = LatencyHistogram()
            for value in values { histogram.record(value) }
            let bounds = (0..<40).map { UInt64(1) << $0 }.dropFirst().map { $0 + $0 / 3 }
            for (bound, count) in zip(bounds, histogram.counts(upTo: bounds)) {
                let least = values.count { Double($0) <= Double(bound) * 0.99 }
                let most = values.count { Double($0) <= Double(bound) * 1.01 }
                #expect((least...most).contains(count), "seed \(seed): \(count) up to \(bound)")
            }
        }
        #expect(LatencyHistogram().counts(upTo: [1, 2]) == [0, 0])
        #expect(LatencyHistogram().counts(upTo: []).isEmpty)
        var huge = LatencyHistogram()
        huge.record(.max, count: 3)
        #expect(huge.counts(upTo: [1, .max]) == [0, 3])
    }

    @Test func `a duration in floating point has the step of its whole nanoseconds`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<100_000 {
            let whole = (random.next() >> 11) >> UInt64.random(in: 0..<53, using: &random)
            let part = Double.random(in: 0..<1, using: &random)
            let time = Double(whole) + part < Double(whole + 1) ? Double(whole) + part : Double(whole)
            #expect(LatencyHistogram.step(of: time) == LatencyHistogram.step(of: whole), "\(time)")
        }
        #expect(LatencyHistogram.step(of: 1e300) == LatencyHistogram.step(of: UInt64.max))
    }
}

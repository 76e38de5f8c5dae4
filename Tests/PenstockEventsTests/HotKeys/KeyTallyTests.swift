//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

@Suite("The keys that most events have, told in memory of fixed size") struct KeyTallyTests {
    private static let second: UInt64 = 1_000_000_000

    private static func key(_ number: Int) -> [UInt8] { Array("key-\(number)".utf8) }

    private static func add(_ number: Int, to tally: inout KeyTally, weight: Double = 1) {
        Self.key(number).withUnsafeBytes { tally.add($0, hash: UInt64(number) &* 0x9E37_79B9, weight: weight) }
    }

    private static func text(_ place: Int, of tally: KeyTally) -> String {
        tally.withKey(at: place) { String(decoding: $0, as: UTF8.self) }
    }

    /// Numbers below `keys`, the lower the likelier: of three draws the least.
    private static func draw(below keys: Int, _ generator: inout SeededGenerator) -> Int {
        (0..<3).map { _ in Int.random(in: 0..<keys, using: &generator) }.min() ?? 0
    }

    @Test("Each count is right but for its excess, and that is no more than a 32nd of all", arguments: 0..<40)
    func bounds(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var tally = KeyTally()
        var exact: [Int: Double] = [:]
        let keys = [5, 31, 33, 200, 5000][seed % 5]
        for _ in 0..<5000 {
            let key = Self.draw(below: keys, &generator)
            let weight = Double(Int.random(in: 1...3, using: &generator))
            exact[key, default: 0] += weight
            Self.add(key, to: &tally, weight: weight)
        }
        #expect(tally.total == exact.values.reduce(0, +) && tally.entries.count == min(exact.count, KeyTally.places))
        for place in tally.entries.indices {
            let entry = tally.entries[place]
            let number = Int(Self.text(place, of: tally).dropFirst(4)) ?? -1
            let real = exact[number] ?? 0
            #expect(entry.certain <= real && real <= entry.count, "seed \(seed)")
            #expect(entry.excess <= tally.total / Double(KeyTally.places), "seed \(seed)")
        }
        let shown = Set(tally.entries.indices.map { Self.text($0, of: tally) })
        for (key, count) in exact where count > tally.total / Double(KeyTally.places) {
            #expect(shown.contains("key-\(key)"), "seed \(seed)")
        }
    }

    @Test("A key that was hot fades, and another takes its part")
    func fading() throws {
        var tally = KeyTally()
        tally.fade(to: 0)
        var shares: [Double] = []
        for tick in 0..<120 {
            tally.fade(to: UInt64(tick) * Self.second)
            // A minute of key 1 alone, then a minute of key 2.
            for _ in 0..<10 { Self.add(tick < 60 ? 1 : 2, to: &tally) }
            let one = try #require(tally.entries.indices.first { Self.text($0, of: tally) == "key-1" })
            shares.append(tally.entries[one].certain / tally.total)
        }
        #expect(shares[59] == 1)
        #expect(abs(shares[69] - 0.5) < 0.02, "after one half-life: \(shares[69])")
        #expect(shares[89] < 0.13 && shares[119] < 0.02)
        #expect(Self.text(try #require(tally.hottest), of: tally) == "key-2")
        let before = tally.total
        tally.fade(to: 119 * Self.second + Self.second / 2)
        #expect(tally.total == before)
        tally.fade(to: 1000 * Self.second)
        #expect(tally.total == 0 && tally.samples == 0)
    }

    @Test("Every event has the same chance to be taken", arguments: 1...8)
    func samples(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var sample = KeySample(seed: seed)
        var exact: [Int: Double] = [:]
        var estimate: [Int: Double] = [:]
        for _ in 0..<4000 {
            let events = [1, 7, 9, 64, 100, 333][Int.random(in: 0..<6, using: &generator)]
            sample.begin(events: events)
            for event in 0..<events {
                // Keys that come by turns, which samples at even distances would see one of only.
                let key = event % 10
                // A filter leaves some out.
                if event % 3 == 1 { continue }
                exact[key, default: 0] += 1
                if sample.takesNext() { Self.key(key).withUnsafeBytes { sample.take($0, hash: UInt64(key)) } }
            }
            #expect(sample.keys.count <= KeySample.keysMax)
            for key in sample.keys { estimate[Int(key.hash), default: 0] += Double(sample.weight) }
        }
        for (key, count) in exact {
            // Some 2,500 samples of each key: five times the expected error is a tenth.
            #expect(abs((estimate[key] ?? 0) / count - 1) < 0.15, "seed \(seed), key \(key)")
        }
    }

    @Test("Of a long key the beginning is kept")
    func longKeys() throws {
        var tally = KeyTally()
        var sample = KeySample(seed: 1)
        let long = [UInt8](repeating: 7, count: 100_000)
        sample.begin(events: 1)
        if sample.takesNext() { long.withUnsafeBytes { sample.take($0, hash: 1) } }
        sample.count(in: &tally)
        #expect(tally.entries.map(\.length) == [KeyTally.keyBytesMax] && tally.entries.map(\.isCut) == [true])
        #expect(tally.total == 1)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The key that most events of the last seconds have.
public struct HotKey: Sendable, Equatable {
    /// The most keys that are told apart: of more than these ``keys`` says as much.
    public static let keysMax = KeyTally.places
    /// The most characters that are shown of a key.
    public static let lengthMax = 40

    /// The values of the key, one behind the other, cut and with its odd characters escaped: it may be anybody's, and hold anything.
    public var text: String
    /// Which share of the events has it, from 0 to 1: an estimate from samples, rather too low than too high.
    public var share: Double
    /// How many different keys there were lately, at most ``keysMax``.
    public var keys: Int

    /// Whether it matters: it has a fifth of the events or more, and at least twice its part, of four keys or more.
    var isHot: Bool { self.share >= 0.2 && self.keys >= 4 && self.share * Double(self.keys) >= 2 }

    /// Creates a hot key.
    public init(text: String, share: Double, keys: Int) {
        self.text = text
        self.share = share
        self.keys = keys
    }

    init?(_ tally: KeyTally, samplesMin: Double) {
        guard tally.samples >= samplesMin, let hottest = tally.hottest else { return nil }
        let entry = tally.entries[hottest]
        self.text = tally.withKey(at: hottest) { GroupKey.text($0, isCut: entry.isCut, lengthMax: Self.lengthMax) }
        self.share = min(1, entry.certain / tally.total)
        // What has faded to a thousandth of all is of the past.
        self.keys = tally.entries.count { $0.count >= tally.total / 1000 }
    }
}

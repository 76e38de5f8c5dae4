//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Which key most events of a pipeline have: what the workers have taken of each batch, counted in one place.
final class KeyWatch: Sendable {
    /// Below so many samples chance says too much.
    private static let samplesMin = 100.0

    /// Keeps senders of events from choosing keys that collide.
    let seed: UInt64
    private let tally = Locked(KeyTally())

    init(seed: UInt64 = .random(in: .min ... .max)) { self.seed = seed }

    /// Counts the keys that were taken of a batch.
    func note(_ sample: KeySample, at now: UInt64) {
        guard !sample.keys.isEmpty else { return }
        self.tally.withLock { tally in
            tally.fade(to: now)
            sample.count(in: &tally)
        }
    }

    /// The key that most events of the last seconds have; nil when there are too few to say.
    func hottest(at now: UInt64) -> HotKey? {
        self.tally.withLock { tally in
            tally.fade(to: now)
            return HotKey(tally, samplesMin: Self.samplesMin)
        }
    }
}

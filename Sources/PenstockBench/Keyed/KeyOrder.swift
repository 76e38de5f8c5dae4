//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Looks on while jobs of many keys run: those of one key must run one after another, in the order in which they came.
final class KeyOrder: Sendable {
    private struct State {
        var running: [Bool]
        var last: [Int]
        var overlaps = 0
        var reorders = 0
    }

    private let state: Locked<State>

    init(keys: Int) {
        self.state = Locked(
            State(running: Array(repeating: false, count: keys), last: Array(repeating: -1, count: keys))
        )
    }

    /// A job begins: the key's job of this number, of all that were offered.
    func begins(_ key: Int, number: Int) {
        self.state.withLock { state in
            if state.running[key] { state.overlaps += 1 }
            if number <= state.last[key] { state.reorders += 1 }
            state.running[key] = true
            state.last[key] = number
        }
    }

    /// A job ends.
    func ends(_ key: Int) { self.state.withLock { $0.running[key] = false } }

    /// How often a job began while another of its key ran.
    var overlaps: Int { self.state.withLock { $0.overlaps } }
    /// How often a job began after one of its key that had come later.
    var reorders: Int { self.state.withLock { $0.reorders } }
}

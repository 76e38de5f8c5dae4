//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Penstock

/// The connections at a door of the admin server, and which of them is cut off when there are too many.
///
/// Nobody is kept waiting to be let in: who asks whether the process lives must not stand behind others that say nothing.
final class AdminConnections: Sendable {
    private struct Entry {
        let channel: any NIOCore.Channel
        /// Whether a whole request of it is being answered.
        var isBusy = false
        /// Grows with each change: the smallest has been as it is for longest.
        var turn: Int
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var turns = 0

        mutating func nextTurn() -> Int {
            self.turns += 1
            return self.turns
        }
    }

    private let countMax: Int
    private let state = Locked(State())

    /// Creates an empty list.
    ///
    /// - Parameter countMax: The most connections, at least 1.
    init(countMax: Int) { self.countMax = max(1, countMax) }

    /// Takes a connection, and cuts off another if there are too many: the one that has been without a request for longest,
    /// or, where each has one, that has had it for longest.
    func add(_ channel: any NIOCore.Channel) {
        let surplus = self.state.withLock { state -> (any NIOCore.Channel)? in
            let others = state.entries
            state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, turn: state.nextTurn())
            guard others.count >= self.countMax else { return nil }
            let place = others.min { left, right in
                left.value.isBusy == right.value.isBusy
                    ? left.value.turn < right.value.turn : !left.value.isBusy
            }
            return place.flatMap { state.entries.removeValue(forKey: $0.key)?.channel }
        }
        surplus?.close(promise: nil)
    }

    /// A connection has a request, or has none any more.
    func set(_ channel: any NIOCore.Channel, isBusy: Bool) {
        self.state.withLock { state in
            guard var entry = state.entries[ObjectIdentifier(channel)], entry.isBusy != isBusy else { return }
            entry.isBusy = isBusy
            entry.turn = state.nextTurn()
            state.entries[ObjectIdentifier(channel)] = entry
        }
    }

    /// A connection has ended.
    func remove(_ channel: any NIOCore.Channel) {
        self.state.withLock { _ = $0.entries.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Why events were not taken: the last reason of the steps, and that of each sink.
///
/// Without a sink for dead letters this is all that is left of such an event, so somebody is told of it as well, once a minute for
/// each place at most.
final class LastReasons: Sendable {
    /// Who has not taken an event.
    enum Place: Sendable {
        case steps
        case sink(index: Int, name: String)
    }

    /// The reasons by now; nil where there was none.
    struct Reasons: Sendable {
        var steps: String?
        var sinks: [Int: String] = [:]
    }

    private struct State {
        var reasons = Reasons()
        /// When somebody was told of a loss; the steps have -1.
        var toldAt: [Int: UInt64] = [:]
    }

    /// How much of a reason is kept, in characters: it may be what a server has answered.
    private static let lengthMax = 1000
    /// How soon somebody is told of the same place again.
    private static let interval = Duration.seconds(60)

    private let time: TimeSource
    private let notice: @Sendable (String) -> Void
    private let state = Locked(State())

    /// Creates an empty collection.
    ///
    /// - Parameters:
    ///   - time: The clock between two notices.
    ///   - notice: Told of losses, as a sentence for people.
    init(time: TimeSource, notice: @escaping @Sendable (String) -> Void) {
        self.time = time
        self.notice = notice
    }

    /// Everything by now.
    var current: Reasons { self.state.withLock { $0.reasons } }

    /// Events were not taken.
    ///
    /// - Parameters:
    ///   - reason: Why the last of them was not.
    ///   - place: By whom.
    ///   - isLost: Whether they are nowhere now.
    func note(_ reason: String, by place: Place, isLost: Bool) {
        let kept = reason.utf8.count <= Self.lengthMax ? reason : String(reason.prefix(Self.lengthMax))
        let now = self.time.now()
        let (number, who) =
            switch place {
            case .steps: (-1, "the pipeline")
            case .sink(let index, let name): (index, "the sink \"\(name)\"")
            }
        let isToBeTold = self.state.withLock { state in
            switch place {
            case .steps: state.reasons.steps = kept
            case .sink(let index, _): state.reasons.sinks[index] = kept
            }
            guard isLost else { return false }
            if let last = state.toldAt[number], now < last.advanced(by: Self.interval) { return false }
            state.toldAt[number] = now
            return true
        }
        guard isToBeTold else { return }
        self.notice("\(who) drops events, as there is no place for dead letters: \(kept)")
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What one sink has done with an event.
enum SinkFate: Sendable, Equatable {
    /// It is safe there.
    case delivered
    /// It became a dead letter on the way there.
    case deadLettered
    /// It was lost on the way there, for a reason.
    case dropped(String)
}

/// Events, or rows, on their way to their sinks: which sinks have not dealt with which of them.
///
/// An event has its fate when every sink that it was routed to has dealt with it: the worst of theirs. So an event counts
/// as delivered only if it reached every sink, and a loss at one is never hidden by a delivery at another.
//
// SAFETY: what changes is changed by `PipelineCounts` alone, under its lock.
final class RoutedEvents: @unchecked Sendable {
    /// Whose they are.
    enum Owner: Sendable {
        /// Events of a batch.
        case batch(EventBatch)
        /// Rows of a window, with those who wait for it.
        case window([WindowReceipt])
    }

    /// The most sinks there may be.
    static let sinksMax = 32

    let owner: Owner
    /// For each event the sinks that have not dealt with it, as bits.
    private var pending: [UInt32]
    /// For each event the worst fate so far, as a place in `reasons` counted from 2; 0 is delivered, 1 dead-lettered.
    private var worst: [UInt8]
    private var reasons: [String] = []
    /// How many have no fate.
    private(set) var open: Int

    /// Creates the accounts of events that go to some sinks each.
    ///
    /// - Parameters:
    ///   - owner: Whose they are.
    ///   - sinks: For each event the sinks that it goes to, as bits; none is 0.
    init(owner: Owner, sinks: [UInt32]) {
        self.owner = owner
        self.open = sinks.count
        self.pending = sinks
        self.worst = Array(repeating: 0, count: sinks.count)
    }

    /// The worst fate of all events so far.
    var worstFate: SinkFate { self.fate(of: self.worst.max() ?? 0) }

    /// How many events a sink has not dealt with.
    func pendingCount(of sink: Int) -> Int {
        self.pending.count { $0 & 1 << UInt32(sink) != 0 }
    }

    /// The events that a sink has not dealt with.
    func pendingPlaces(of sink: Int) -> [Int] {
        self.pending.indices.filter { self.pending[$0] & 1 << UInt32(sink) != 0 }
    }

    /// A sink has dealt with an event.
    ///
    /// - Returns: False when it had before; and the event's fate, once it has one.
    func settle(_ place: Int, sink: Int, _ fate: SinkFate) -> (isNews: Bool, final: SinkFate?) {
        let bit = 1 << UInt32(sink) as UInt32
        guard self.pending[place] & bit != 0 else { return (false, nil) }
        self.pending[place] &= ~bit
        self.worst[place] = max(self.worst[place], self.code(of: fate))
        guard self.pending[place] == 0 else { return (true, nil) }
        self.open -= 1
        return (true, self.fate(of: self.worst[place]))
    }

    // MARK: - Private

    private func code(of fate: SinkFate) -> UInt8 {
        switch fate {
        case .delivered: return 0
        case .deadLettered: return 1
        case .dropped(let reason):
            if let known = self.reasons.firstIndex(of: reason) { return UInt8(known + 2) }
            self.reasons.append(reason)
            return UInt8(self.reasons.count + 1)
        }
    }

    private func fate(of code: UInt8) -> SinkFate {
        switch code {
        case 0: .delivered
        case 1: .deadLettered
        default: .dropped(self.reasons[Int(code) - 2])
        }
    }
}

/// Events of a batch that have gone into a window: they have their fate when its rows have.
struct WindowReceipt: Sendable {
    var receipt: BatchReceipt
    var count: Int
    /// Whether a durable queue keeps them meanwhile.
    var isStored = false
}

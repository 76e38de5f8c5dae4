//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The events of a batch on their way to sinks, before they are: for each sink a copy of what goes to it.
struct SinkDrafts: Sendable {
    /// An event that the condition of a sink has failed on.
    struct Refusal: Sendable {
        var place: Int
        var sink: Int
        var reason: String
    }

    /// For each event that goes to a sink, which ones it goes to, as bits.
    private(set) var masks: [UInt32] = []
    /// For each sink what goes to it.
    private(set) var events: [Events]
    private(set) var refusals: [Refusal] = []
    /// Whether the sinks' ledgers have counted them by now, and how many each has written: the first ones.
    var written: [Int]?
    private let group: Events.Group

    /// Creates drafts for so many sinks.
    init(sinkCount: Int, source: String, session: UInt64, receivedAt: Int64) {
        self.group = Events.Group(source: source, session: session, receivedAt: receivedAt, routed: nil)
        self.events = Array(repeating: Events(), count: sinkCount)
        for sink in self.events.indices { self.events[sink].groups = [self.group] }
    }

    var isEmpty: Bool { self.masks.isEmpty }

    /// Adds an event.
    ///
    /// - Parameters:
    ///   - line: Its bytes.
    ///   - position: Its position at its source.
    ///   - route: Where it goes.
    mutating func add(_ line: UnsafeRawBufferPointer, position: UInt64, to route: SinkRoute) {
        let place = self.masks.count
        self.masks.append(route.mask)
        for sink in self.events.indices where route.mask & 1 << UInt32(sink) != 0 {
            self.events[sink].append(line, position: position, index: place, group: 0)
        }
        for (sink, reason) in route.failures {
            self.refusals.append(Refusal(place: place, sink: sink, reason: reason))
        }
    }

    /// Makes the accounts of the events, and lets each copy know them.
    mutating func route(for owner: RoutedEvents.Owner) -> RoutedEvents {
        let routed = RoutedEvents(owner: owner, sinks: self.masks)
        for sink in self.events.indices { self.events[sink].groups[0].routed = routed }
        return routed
    }

    /// The events that the condition of a sink has failed on, by the reason.
    func refused(by sink: Int) -> [(reason: String, events: Events)] {
        let refusals = self.refusals.filter { $0.sink == sink }
        if refusals.isEmpty { return [] }
        let events = self.events[sink]
        var placesOfEvents: [Int: Int] = [:]
        for (place, mark) in events.marks.enumerated() { placesOfEvents[mark.index] = place }
        return Dictionary(grouping: refusals, by: \.reason).sorted { $0.key < $1.key }.map { reason, refusals in
            (reason, events.selecting(refusals.compactMap { placesOfEvents[$0.place] }))
        }
    }

    /// The events for a sink that neither were written nor have failed its condition.
    func pending(for sink: Int) -> Events {
        let events = self.events[sink]
        let written = self.written?[sink] ?? 0
        let refused = Set(self.refusals.lazy.filter { $0.sink == sink }.map(\.place))
        if refused.isEmpty { return events.selecting(written..<events.count) }
        return events.selecting((written..<events.count).filter { !refused.contains(events.marks[$0].index) })
    }
}

/// Where one event goes.
struct SinkRoute: Sendable {
    /// The sinks, as bits, those of which the condition failed included.
    var mask: UInt32 = 0
    /// The sinks of which the condition failed, and why.
    var failures: [(sink: Int, reason: String)] = []
}

/// Which events go to which sink.
struct RoutePlan: Sendable {
    /// For each sink its condition; nil takes everything.
    let conditions: [FilterChain?]

    /// Whether each event goes to each sink.
    let isUniform: Bool

    init(_ conditions: [FilterChain?]) {
        self.conditions = conditions
        self.isUniform = conditions.allSatisfy { $0 == nil }
    }

    /// Where an event goes that was scanned for the fields of the conditions.
    func route(_ event: EventView) -> SinkRoute {
        var route = SinkRoute()
        for (sink, condition) in self.conditions.enumerated() {
            switch condition?.evaluate(event) ?? .keep {
            case .keep: route.mask |= 1 << UInt32(sink)
            case .drop: break
            case .failed(let reason):
                route.mask |= 1 << UInt32(sink)
                let why = reason.hasPrefix("filter: ") ? String(reason.dropFirst(8)) : reason
                route.failures.append((sink, "when: \(why)"))
            }
        }
        return route
    }
}

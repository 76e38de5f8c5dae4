//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockEvents

/// What is known of a request whose body has come, until it is enough for an answer.
struct PendingAnswer {
    /// What became of handing its events over.
    enum HandOver: Sendable, Equatable {
        /// The queue has so many events, all there are.
        case taken(Int)
        /// The queue had no place for more than so many, the first ones; mostly none.
        case full(Int)
        /// It was time to stop, after so many.
        case stopped(Int)
    }

    private let acknowledgement: HTTPSourceConfiguration.Acknowledgement
    private var handOver: HandOver?
    private var settlement: Settlement?
    /// The source was handing its events over when it should have been done with that.
    var isBeingTaken = false

    init(_ acknowledgement: HTTPSourceConfiguration.Acknowledgement) {
        self.acknowledgement = acknowledgement
    }

    /// Whether its events have been handed over, as far as they will be.
    var isHandedOver: Bool { self.handOver != nil }

    /// Its events were handed over, or not.
    mutating func handedOver(_ handOver: HandOver) { self.handOver = handOver }

    /// Each event has its fate; that may be known before the handing over is.
    mutating func settle(_ settlement: Settlement) { self.settlement = settlement }

    /// The answer; nil while it is not known.
    var answer: HTTPAnswer? {
        switch self.handOver {
        case nil: return nil
        case .full(let count): return .full(accepted: count)
        case .stopped(let count): return .stopped(accepted: count)
        case .taken(let count):
            if self.acknowledgement == .accepted { return HTTPAnswer(202, body: #"{"accepted":\#(count)}"#) }
            return self.settlement.map { Self.fates($0, of: count) }
        }
    }

    /// The answer when the fates have not come in time.
    var late: HTTPAnswer {
        guard case .taken(let count) = self.handOver else {
            return HTTPAnswer(504, body: #"{"error":"how many of the events the queue takes is not known yet"}"#)
        }
        return HTTPAnswer(504, body: #"{"error":"the fates of the events are not known yet","accepted":\#(count)}"#)
    }

    private static func fates(_ settlement: Settlement, of accepted: Int) -> HTTPAnswer {
        var body = #""accepted":\#(accepted),"delivered":\#(settlement.delivered)"#
        body += #","filtered":\#(settlement.filtered),"aggregated":\#(settlement.aggregated)"#
        body += #","dead_lettered":\#(settlement.deadLettered),"stored":\#(settlement.stored)"#
        body += #","dropped":\#(settlement.dropped)"#
        if settlement.isSafe { return HTTPAnswer(200, body: "{\(body)}") }
        return HTTPAnswer(503, body: #"{"error":"events were lost",\#(body)}"#, retryAfter: 1)
    }
}

extension HTTPAnswer {
    /// The answer when the queue had no place in time.
    static func full(accepted: Int) -> HTTPAnswer {
        HTTPAnswer(429, body: #"{"error":"the queue is full","accepted":\#(accepted)}"#, retryAfter: 1)
    }

    /// The answer when it is time to stop.
    static func stopped(accepted: Int) -> HTTPAnswer {
        let body = #"{"error":"no more events are taken","accepted":\#(accepted)}"#
        return HTTPAnswer(503, body: body, retryAfter: 1).closing
    }
}
#endif

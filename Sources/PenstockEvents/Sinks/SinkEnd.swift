//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What is at the end of a lane.
enum SinkEnd: Sendable {
    /// A file or a stream of this process.
    case writer(SinkWriter)
    /// Nothing: events are counted.
    case null
    /// A sink of the user's own.
    case custom(any EventSink)

    /// The end as a sink.
    var sink: any EventSink {
        switch self {
        case .writer(let writer): WriterSink(writer: writer)
        case .null: DiscardingSink()
        case .custom(let sink): sink
        }
    }
}

/// A file or stream as the sink of a lane.
struct WriterSink: EventSink {
    let writer: SinkWriter

    func write(_ batch: SinkBatch) async throws -> SinkAnswer {
        let count = batch.events.count
        let outcome = batch.events.lines.withUnsafeBytes { self.writer.write($0, lines: count) }
        guard let failure = outcome.failure else { return .delivered }
        if failure.isBroken, outcome.delivered == 0 { throw SinkBroken(failure.reason) }
        return .each(
            Array(repeating: .delivered, count: outcome.delivered)
                + Array(repeating: .retry(failure.reason), count: count - outcome.delivered)
        )
    }

    func close() async throws { try self.writer.close() }
}

/// A sink that takes everything and keeps nothing.
struct DiscardingSink: EventSink {
    func write(_ batch: SinkBatch) async throws -> SinkAnswer { .delivered }
}

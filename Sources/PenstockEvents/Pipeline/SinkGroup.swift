//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// All sinks of a run and the ledgers of what goes to them.
final class SinkGroup: Sendable {
    let counts: PipelineCounts
    private let sinks: [SinkWriter]
    private let deadLetter: SinkWriter?
    private let onFailure: @Sendable (PenstockError) -> Void

    /// Creates a group; `onFailure` is told once for each sink that fails.
    init(
        sinks: [SinkWriter],
        deadLetter: SinkWriter?,
        counts: PipelineCounts,
        onFailure: @escaping @Sendable (PenstockError) -> Void
    ) {
        self.sinks = sinks
        self.deadLetter = deadLetter
        self.counts = counts
        self.onFailure = onFailure
    }

    /// Whether there is a sink for dead letters.
    var hasDeadLetter: Bool { self.deadLetter != nil }

    /// Writes lines to every sink.
    ///
    /// - Returns: How many reached all of them.
    func write(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Int {
        self.counts.route(count)
        var everywhere = count
        for (index, sink) in self.sinks.enumerated() {
            let outcome = sink.write(bytes, lines: count)
            self.counts.settle(sink: index, routed: count, delivered: outcome.delivered)
            everywhere = min(everywhere, outcome.delivered)
            if let failure = outcome.failure { self.onFailure(failure) }
        }
        return everywhere
    }

    /// Writes dead letters.
    ///
    /// - Returns: How many were written.
    func writeLetters(_ bytes: UnsafeRawBufferPointer, lines count: Int) -> Int {
        guard let deadLetter = self.deadLetter else { return 0 }
        self.counts.routeLetters(count)
        let outcome = deadLetter.write(bytes, lines: count)
        self.counts.settleLetters(routed: count, delivered: outcome.delivered)
        if let failure = outcome.failure { self.onFailure(failure) }
        return outcome.delivered
    }

    /// Makes the rows of a window and writes them to every sink.
    func writeRows(of window: ClosedWindow) {
        guard var table = window.tables.first else { return }
        for other in window.tables.dropFirst() { table.merge(other) }
        guard !table.isEmpty else { return }
        var bytes: [UInt8] = []
        let rows = table.appendRows(windowStart: window.start, windowEnd: window.end, to: &bytes)
        self.counts.emit(rows: rows)
        let delivered = bytes.withUnsafeBytes { self.write($0, lines: rows) }
        self.counts.settleRows(emitted: rows, delivered: delivered)
    }

    /// Counts the rows of a window that nobody may write any more.
    func dropRows(of window: ClosedWindow, _ reason: String) {
        guard var table = window.tables.first else { return }
        for other in window.tables.dropFirst() { table.merge(other) }
        self.counts.dropRows(table.groupCount, reason)
    }
}

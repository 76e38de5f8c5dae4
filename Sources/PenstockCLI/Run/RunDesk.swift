//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

/// What a run's watch does: it passes orders on and writes to the terminal.
final class RunDesk: Sendable {
    /// What has been asked and shown so far.
    private struct State {
        var orders = 0
        var line = ProgressLine()
        var isLineShown = false
        var isClosed = false

        /// The text that erases the line; nothing when none is shown.
        mutating func erase() -> String {
            defer { self.isLineShown = false }
            return self.isLineShown ? "\r\u{1B}[K" : ""
        }
    }

    private let pipeline: Pipeline
    private let drain: Duration
    private let isQuiet: Bool
    private let state = Locked(State())

    init(_ pipeline: Pipeline, drain: Duration, isQuiet: Bool) {
        self.pipeline = pipeline
        self.drain = drain
        self.isQuiet = isQuiet
    }

    /// Passes orders to stop on: the first drains, the second stops at once.
    func take(signals: Int) {
        for _ in 0..<max(1, signals) {
            let (order, erasure) = self.state.withLock { state in
                state.orders += 1
                return (state.orders, state.erase())
            }
            if order > 2 { return }
            let note = order == 1 ? "draining (again to stop now)…\n" : "stopping now…\n"
            if !self.isQuiet { Output.error(erasure + note) }
            self.pipeline.drain(deadline: order == 1 ? self.drain : .zero)
        }
    }

    /// Shows how far the run is.
    func showProgress() {
        let progress = self.pipeline.progress()
        let name = self.pipeline.description.name
        let line: String? = self.state.withLock { state in
            guard !state.isClosed else { return nil }
            state.isLineShown = true
            // The cursor goes back to the beginning: a row on the same terminal is longer and hides the line.
            return "\r" + state.line.text(progress, name: name) + "\u{1B}[K\r"
        }
        if let line { Output.error(line) }
    }

    /// Erases the line; shows nothing after that.
    func close() {
        let erasure = self.state.withLock { state in
            state.isClosed = true
            return state.erase()
        }
        if !erasure.isEmpty { Output.error(erasure) }
    }
}

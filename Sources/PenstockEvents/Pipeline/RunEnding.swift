//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Why and until when a run ends, and what it is doing meanwhile: decides what an order to drain is to reach.
struct RunEnding: Sendable {
    /// Why a run ends before its sources do.
    enum Cause: Sendable {
        /// It does not. Can transition to: `ordered`, `failed`.
        case none
        /// It was told to drain. Can transition to: `failed`.
        case ordered
        /// A source or a sink failed. Final.
        case failed(PenstockError)
    }

    /// What the run waits for.
    enum Stage: Sendable, Equatable {
        /// Sources and workers. Can transition to: `rows`.
        case events
        /// The rows of the last windows. Can transition to: `lanes`.
        case rows
        /// The lanes of the sinks. Can transition to: `over`.
        case lanes
        /// Nothing but the news for sources. Final.
        case over
    }

    private(set) var cause = Cause.none
    private(set) var stage = Stage.events
    /// A failure that did not end the run.
    private var noted: PenstockError?
    /// When what was accepted is to have its fates, if anybody has said so.
    private var deadline: UInt64?

    /// Somebody wants the run to end by an instant.
    mutating func order() {
        if case .none = self.cause { self.cause = .ordered }
    }

    /// A source or a sink has failed; the first failure is the one that is told.
    ///
    /// - Parameter ends: Whether the run ends by it.
    mutating func fail(_ error: PenstockError, ends: Bool) {
        guard ends else {
            self.noted = self.noted ?? error
            return
        }
        switch self.cause {
        case .none, .ordered: self.cause = .failed(self.noted ?? error)
        case .failed: break
        }
    }

    /// An order is carried out: the end is to be reached by an instant.
    ///
    /// - Returns: What has to be hurried.
    mutating func hurry(by instant: UInt64) -> Stage {
        self.deadline = min(self.deadline ?? .max, instant)
        return self.stage
    }

    /// The run goes on to another stage.
    ///
    /// - Returns: When the stage is to be over; nil when nobody has said so.
    mutating func enter(_ stage: Stage) -> UInt64? {
        self.stage = stage
        return self.deadline
    }

    /// Whether the run is to end before its sources do.
    var isCaused: Bool {
        switch self.cause {
        case .none: false
        case .ordered, .failed: true
        }
    }

    /// What has failed, whether the run ended by it or not.
    var failure: PenstockError? {
        if case .failed(let error) = self.cause { return error }
        return self.noted
    }
}

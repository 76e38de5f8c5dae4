//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A step of one's own: says of each event what becomes of it.
///
/// Workers call it, several at a time. It gets the events of one batch that the steps before have let through, on a
/// worker's thread: what takes long is best asynchronous, because a worker that blocks is one worker fewer.
public protocol EventStep: Sendable {
    /// Handles some events.
    ///
    /// - Parameter events: The events; at least one.
    /// - Returns: One fate for each, in their order. Events without one become dead letters.
    /// - Throws: Why all of these events become dead letters. When the deadline of a drain has passed its task is cancelled;
    ///   events that a durable queue keeps stay there if it throws then, whatever it throws.
    func handle(_ events: Events) async throws -> [StepFate]
}

/// What a step does with one event.
public struct StepFate: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case keep
        case replace([UInt8])
        case end
        case refuse(String)
        /// It threw when its time was over: an event that a durable queue keeps stays there, another is refused.
        case giveUp(String)
    }

    let kind: Kind

    /// The event goes on as it is.
    public static let keep = StepFate(kind: .keep)

    /// The event ends here, and is counted as filtered.
    public static let end = StepFate(kind: .end)

    /// The event goes on with other bytes.
    ///
    /// - Parameter bytes: The event, without a line end. One with an LF in it, or without bytes, becomes a dead letter.
    public static func replace(with bytes: [UInt8]) -> StepFate { StepFate(kind: .replace(bytes)) }

    /// The event goes on as another text.
    ///
    /// - Parameter text: The event, without a line end.
    public static func replace(with text: String) -> StepFate { StepFate(kind: .replace(Array(text.utf8))) }

    /// The event becomes a dead letter.
    ///
    /// - Parameter reason: Why, as the dead letter says it.
    public static func refuse(_ reason: String) -> StepFate { StepFate(kind: .refuse(reason)) }
}

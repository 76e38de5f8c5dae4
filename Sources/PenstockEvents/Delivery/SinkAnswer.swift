//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What became of one event of a batch, as its sink says.
public struct EventAnswer: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case delivered
        case retry(reason: String, after: Duration?)
        case refused(reason: String)
    }

    let kind: Kind

    /// It is safe.
    public static let delivered = EventAnswer(kind: .delivered)

    /// It could not be written now, and may be tried again.
    ///
    /// - Parameters:
    ///   - reason: Why, as a dead letter would say it.
    ///   - delay: How long to wait at least, as a server's `Retry-After` says; nil leaves it to the sink's back-off.
    public static func retry(_ reason: String, after delay: Duration? = nil) -> EventAnswer {
        EventAnswer(kind: .retry(reason: reason, after: delay))
    }

    /// It will never be written: it becomes a dead letter.
    ///
    /// - Parameter reason: Why, as the dead letter says it.
    public static func refused(_ reason: String) -> EventAnswer {
        EventAnswer(kind: .refused(reason: reason))
    }
}

/// What became of a batch, as its sink says.
public struct SinkAnswer: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case all(EventAnswer)
        case each([EventAnswer])
    }

    let kind: Kind

    /// All events are safe.
    public static let delivered = SinkAnswer(kind: .all(.delivered))

    /// None could be written now, and all may be tried again.
    ///
    /// - Parameters:
    ///   - reason: Why, as a dead letter would say it.
    ///   - delay: How long to wait at least, as a server's `Retry-After` says; nil leaves it to the sink's back-off.
    public static func retry(_ reason: String, after delay: Duration? = nil) -> SinkAnswer {
        SinkAnswer(kind: .all(.retry(reason, after: delay)))
    }

    /// None will ever be written: they become dead letters.
    ///
    /// - Parameter reason: Why, as the dead letters say it.
    public static func refused(_ reason: String) -> SinkAnswer {
        SinkAnswer(kind: .all(.refused(reason)))
    }

    /// Each event has an answer of its own.
    ///
    /// - Parameter answers: The answers in the order of the events. An event without one is tried again.
    public static func each(_ answers: [EventAnswer]) -> SinkAnswer {
        SinkAnswer(kind: .each(answers))
    }

    /// The answer for the event at a place.
    func answer(at place: Int) -> EventAnswer {
        switch self.kind {
        case .all(let answer): answer
        case .each(let answers) where place < answers.count: answers[place]
        case .each(let answers): .retry("the sink gave \(answers.count) answers, none for this event")
        }
    }
}

/// A sink will never take anything again: a pipe whose reader has gone, a file system that is gone.
///
/// The run ends when it has no other sink. With others it goes on, and the events of this one become dead letters.
public struct SinkBroken: Error, Sendable, CustomStringConvertible {
    /// Why, as a full sentence for people.
    public let description: String

    /// Creates the error.
    ///
    /// - Parameter description: Why, as a full sentence for people.
    public init(_ description: String) {
        self.description = description
    }
}

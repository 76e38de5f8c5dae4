//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What went wrong in Penstock, as a value.
///
/// Compare ``code`` to decide; show ``message`` to people.
public struct PenstockError: Error, Sendable {
    /// The kind of an error.
    ///
    /// New codes may be added in any version.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name, as it is written in Swift.
        public let description: String

        /// Creates a code of another module of Penstock.
        package init(_ description: String) { self.description = description }

        /// The queue or channel has no place, and the caller did not want to wait.
        public static let full = Code("full")
        /// The queue or channel takes nothing more: it was finished, or its pool is draining.
        public static let closed = Code("closed")
        /// The waiting task was cancelled.
        public static let cancelled = Code("cancelled")
        /// The time the caller gave has passed.
        public static let timedOut = Code("timedOut")
        /// The job is larger than the whole queue may ever hold.
        public static let tooLarge = Code("tooLarge")
        /// A call that blocks its thread was made inside a task, whose threads are too few to be blocked.
        ///
        /// Use the asynchronous form of the call there.
        public static let blockingInTask = Code("blockingInTask")
        /// The job was accepted, and dropped before it began: by an overflow policy, or to shed load.
        public static let shed = Code("shed")
        /// The job's deadline, or the longest time in the queue, passed before it began.
        public static let expired = Code("expired")
        /// The pool drained before the job began; it is in the drain's report.
        public static let returned = Code("returned")
        /// The job still ran when a drain had to end.
        public static let abandoned = Code("abandoned")
        /// A job offered a job to its own pool, where waiting for it could have lasted for ever.
        public static let nestedSubmission = Code("nestedSubmission")
        /// `run()` was called while the pool runs.
        public static let alreadyRunning = Code("alreadyRunning")
        /// A batch handler returned fewer outcomes than it was given jobs.
        public static let missingOutcome = Code("missingOutcome")
        /// The data is not what its format says.
        public static let malformedData = Code("malformedData")
        /// An expression or a configuration is wrong.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// Reading or writing failed.
        public static let inputOutput = Code("inputOutput")
    }

    /// Where in the source an error was made.
    public struct Location: Sendable, Hashable, CustomStringConvertible {
        /// The file, as `#fileID` names it.
        public let file: String
        /// The line, from 1.
        public let line: Int
        /// The place as `file:line`.
        public var description: String { "\(self.file):\(self.line)" }

        init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    /// The kind of the error.
    public let code: Code
    /// A full sentence for people.
    public let message: String
    /// The error that caused this one.
    public let underlyingError: (any Error)?
    /// How many elements of a bulk call had been accepted before it threw; 0 for a single one.
    public let acceptedCount: Int
    /// Where the error was made.
    public let location: Location

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - code: Its kind.
    ///   - message: A full sentence for people.
    ///   - underlyingError: The error that caused this one.
    ///   - acceptedCount: How many elements of a bulk call had been accepted.
    ///   - file: The file that makes the error.
    ///   - line: The line that makes the error.
    package init(
        _ code: Code,
        _ message: String,
        underlyingError: (any Error)? = nil,
        acceptedCount: Int = 0,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.underlyingError = underlyingError
        self.acceptedCount = acceptedCount
        self.location = Location(file: file, line: line)
    }
}

extension PenstockError: CustomStringConvertible {
    /// The code and the message.
    public var description: String { "\(self.code): \(self.message)" }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension PenstockError {
    @usableFromInline
    @inline(never)
    static func closedPool(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(.closed, "The pool \(name) is draining and takes no more jobs.", acceptedCount: acceptedCount)
    }

    @usableFromInline
    @inline(never)
    static func cancelledSubmit(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(
            .cancelled,
            "The task was cancelled while it waited for a place in the pool \(name); the job was not accepted.",
            acceptedCount: acceptedCount
        )
    }

    @usableFromInline
    @inline(never)
    static func tooLargeJob(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(
            .tooLarge,
            "The job is larger than the whole queue of the pool \(name) may ever hold.",
            acceptedCount: acceptedCount
        )
    }

    static func slowJob(_ name: String, _ timeout: Duration) -> PenstockError {
        PenstockError(.timedOut, "A job of the pool \(name) ran longer than \(timeout) and was cancelled.")
    }

    @usableFromInline
    @inline(never)
    static func missingOutcome() -> PenstockError {
        PenstockError(.missingOutcome, "The batch handler returned without an outcome for this job.")
    }

    /// Why a job has no outcome of its own.
    static func endedJob(_ code: PenstockError.Code, _ name: String) -> PenstockError {
        let why =
            switch code {
            case .shed: "was dropped by the pool \(name), which had too much to do"
            case .expired: "had waited in the pool \(name) beyond its time"
            case .returned: "had not begun when the pool \(name) drained; it is in the drain's report"
            case .abandoned: "still ran when the drain of the pool \(name) had to end"
            default: "was cancelled before it began in the pool \(name)"
            }
        return PenstockError(code, "The job \(why).")
    }

    /// Why a job is not accepted by a full pool whose callers do not wait.
    @usableFromInline
    @inline(never)
    static func refusedJob(_ rejection: Rejection, _ name: String, acceptedCount: Int) -> PenstockError {
        switch rejection {
        case .nested: return .nestedJob(name, acceptedCount: acceptedCount)
        case .full, .closed, .cancelled, .tooLarge, .blockingInTask:
            return PenstockError(.full, "The queue of the pool \(name) is full.", acceptedCount: acceptedCount)
        }
    }

    static func blockingSubmit(_ name: String) -> PenstockError {
        PenstockError(
            .blockingInTask,
            "`submitBlocking` blocks its thread, and was called inside a task; use `submit` of the pool \(name) there."
        )
    }

    @usableFromInline
    @inline(never)
    static func nestedJob(_ name: String, acceptedCount: Int = 0) -> PenstockError {
        PenstockError(
            .nestedSubmission,
            """
            A job of the pool \(name) offered a job to its own pool and would have to wait for it, which can last for \
            ever. Try `trySubmit`, or set `nestedSubmission` to `.runInline`.
            """,
            acceptedCount: acceptedCount
        )
    }
}

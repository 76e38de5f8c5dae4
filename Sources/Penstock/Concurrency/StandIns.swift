//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Stand-ins for what the language does not have yet, each behind one function.

/// Runs a body and cancels it when its time is over; waits for it to end in either case.
///
/// - Returns: What the body returned, and whether its time was over first.
func withTimeout<Value: Sendable>(
    _ timeout: Duration,
    time: TimeSource,
    _ body: @escaping @Sendable () async -> Value
) async -> (value: Value, hasTimedOut: Bool) {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await body() }
        group.addTask {
            try? await time.sleep(for: timeout)
            return nil
        }
        var value: Value?
        var hasTimedOut = false
        while let next = await group.next() {
            if let next { value = next } else if value == nil { hasTimedOut = !Task.isCancelled }
            group.cancelAll()
        }
        guard let value else { preconditionFailure("A task group returns what its tasks return.") }
        return (value, hasTimedOut)
    }
}

/// Whether the calling code runs inside a task, also below synchronous functions.
///
/// A task must not wait by blocking its thread: Swift has about as many threads as processors, and who is to end the wait
/// may need one of them.
@usableFromInline
func isInsideTask() -> Bool {
    withUnsafeCurrentTask { $0 != nil }
}

#if PENSTOCK_TSAN
/// Resumes a suspended task, once.
///
/// The thread sanitizer does not know how the standard library orders a task that suspends and a thread that resumes it before
/// it has. The checked continuation does both inside the library, which is not instrumented; the unsafe one does it inside
/// our code, and is reported.
@usableFromInline
typealias TaskContinuation<Value> = CheckedContinuation<Value, Never>

/// Suspends the task until what it gives to the body is resumed, once.
@inlinable
func withTaskContinuation<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TaskContinuation<Value>) -> Void
) async -> Value {
    await withCheckedContinuation(body)
}
#else
/// Resumes a suspended task, once.
@usableFromInline
typealias TaskContinuation<Value> = UnsafeContinuation<Value, Never>

/// Suspends the task until what it gives to the body is resumed, once.
@inlinable
@inline(__always)
func withTaskContinuation<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TaskContinuation<Value>) -> Void
) async -> Value {
    await withUnsafeContinuation(body)
}
#endif

extension Result {
    /// The outcome of an asynchronous body, as a value.
    static func catching(_ body: () async throws(Failure) -> Success) async -> Result {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import CPenstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where time comes from: the machine, or a test.
///
/// Everything of Penstock that waits or measures takes one. It is a plain value, so that time adds no type parameter.
public struct TimeSource: Sendable {
    /// What a test's clock does instead of the machine's.
    @usableFromInline
    package struct Manual: Sendable {
        /// Nanoseconds since an origin of the clock's own.
        @usableFromInline package var now: @Sendable () -> UInt64
        /// Returns at an instant of ``now``; throws `CancellationError` when its task is cancelled.
        package var sleepUntil: @Sendable (UInt64) async throws -> Void

        /// Creates a clock from its two functions.
        package init(
            now: @escaping @Sendable () -> UInt64,
            sleepUntil: @escaping @Sendable (UInt64) async throws -> Void
        ) {
            self.now = now
            self.sleepUntil = sleepUntil
        }
    }

    @usableFromInline let manual: Manual?

    /// The machine's monotonic clock.
    public static let system = TimeSource(manual: nil)

    /// Creates a source that a test moves.
    package init(manual: Manual?) {
        self.manual = manual
    }

    /// Nanoseconds on a clock that never goes back.
    ///
    /// The origin means nothing.
    public func now() -> UInt64 {
        if let manual = self.manual { return manual.now() }
        return monotonicNanoseconds()
    }

    /// Whether an instant of ``now()`` has come; `UInt64.max` never does.
    ///
    /// While it is far away, a clock tells that takes a quarter of the time to read, and lags behind by the kernel's tick,
    /// which is ten milliseconds at most.
    @usableFromInline
    func hasPassed(_ instant: UInt64) -> Bool {
        if instant == .max { return false }
        if self.manual == nil, instant > coarseNanoseconds() &+ 50_000_000 { return false }
        return instant <= self.now()
    }

    /// A counter that goes at a constant rate, which is not known, and is cheaper to read than ``now()``.
    @inlinable
    @inline(__always)
    func ticks() -> UInt64 {
        if let manual = self.manual { return manual.now() }
        return cpenstock_ticks()
    }

    /// Waits until an instant of ``now()``.
    ///
    /// - Throws: `CancellationError`, at once, when the task is cancelled.
    public func sleep(until instant: UInt64) async throws {
        if let manual = self.manual { return try await manual.sleepUntil(instant) }
        let now = self.now()
        guard instant > now else { return try Task.checkCancellation() }
        try await Task.sleep(for: .nanoseconds(Int64(clamping: instant - now)))
    }

    /// Waits for a time.
    ///
    /// - Throws: `CancellationError`, at once, when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        try await self.sleep(until: self.now().advanced(by: duration))
    }
}

private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

private func coarseNanoseconds() -> UInt64 {
    #if os(Linux)
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    #else
    return monotonicNanoseconds()
    #endif
}

extension UInt64 {
    /// This instant in nanoseconds, later by a duration; a negative duration is none, a huge one the end of time.
    package func advanced(by duration: Duration) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .max : sum
    }
}

extension Duration {
    /// The duration in nanoseconds, at least 0 and at most 2^63 - 1 (292 years).
    @usableFromInline
    package var wholeNanoseconds: UInt64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = self.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return UInt64(Int64.max) }
        let (sum, overflowToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowToo ? UInt64(Int64.max) : UInt64(sum)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The limits of a resource pool, checked and in nanoseconds; `.max` where there is none.
@usableFromInline
struct ResourcePoolLimits: Sendable {
    let minimum: Int
    let maximum: Int
    let waitersMax: Int
    let straysMax: Int
    let reuse: ResourcePoolConfiguration.Reuse
    let idleTimeMax: UInt64
    let ageMax: UInt64
    /// By how much a resource may be retired before its maximum age.
    let ageSpread: UInt64
    let leaseTimeMax: UInt64
    let destructionTimeMax: UInt64
    let creationTimeMax: UInt64
    let creationsMax: Int
    let backoffInitial: UInt64
    let backoffMax: UInt64
    let failuresMax: Int
    let hasCheck: Bool
    let checkAfterIdle: UInt64
    let checkInterval: UInt64
    let checkTimeMax: UInt64

    init(_ configuration: ResourcePoolConfiguration, hasCheck: Bool) {
        let (minimum, maximum) = (configuration.minimum, configuration.maximum)
        precondition(
            (1...1_000_000).contains(maximum),
            "A resource pool's maximum is 1 to 1,000,000, not \(maximum)."
        )
        precondition((0...maximum).contains(minimum), "A pool's minimum is 0 to \(maximum), not \(minimum).")
        precondition(configuration.waitersMax >= 0, "A resource pool's waitersMax is not negative.")
        precondition(configuration.straysMax >= 1, "A resource pool's straysMax is at least 1.")
        precondition((0...1).contains(configuration.ageJitter), "A resource pool's ageJitter is a share from 0 to 1.")
        precondition(configuration.creation.concurrentMax >= 1, "A pool creates at least one resource at a time.")
        precondition(configuration.creation.failuresMax >= 1, "A pool's creation.failuresMax is at least 1.")
        self.minimum = minimum
        self.maximum = maximum
        self.waitersMax = configuration.waitersMax
        self.straysMax = configuration.straysMax
        self.reuse = configuration.reuse
        self.idleTimeMax = configuration.idleTimeMax?.wholeNanoseconds ?? .max
        self.ageMax = configuration.ageMax?.wholeNanoseconds ?? .max
        self.ageSpread = configuration.ageMax.map { UInt64(Double($0.wholeNanoseconds) * configuration.ageJitter) } ?? 0
        self.leaseTimeMax = configuration.leaseTimeMax?.wholeNanoseconds ?? .max
        self.destructionTimeMax = configuration.destructionTimeMax.wholeNanoseconds
        self.creationTimeMax = configuration.creation.timeMax.wholeNanoseconds
        self.creationsMax = configuration.creation.concurrentMax
        self.backoffInitial = configuration.creation.backoffInitial.wholeNanoseconds
        self.backoffMax = configuration.creation.backoffMax.wholeNanoseconds
        self.failuresMax = configuration.creation.failuresMax
        self.hasCheck = hasCheck
        self.checkAfterIdle = hasCheck ? configuration.check.afterIdle?.wholeNanoseconds ?? .max : .max
        self.checkInterval = hasCheck ? configuration.check.interval?.wholeNanoseconds ?? .max : .max
        self.checkTimeMax = configuration.check.timeMax.wholeNanoseconds
    }

    /// The longest wait after a number of failures in a row.
    func backoffCeiling(failures: Int) -> UInt64 {
        let doublings = min(failures - 1, 62)
        let (product, overflow) = self.backoffInitial.multipliedReportingOverflow(by: 1 << UInt64(max(0, doublings)))
        return overflow ? self.backoffMax : min(self.backoffMax, product)
    }
}

extension UInt64 {
    /// This instant, later by some nanoseconds; never past the end of time.
    @inline(__always)
    func later(by nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }

    /// How long ago an instant was; 0 if it is yet to come, as it may seem to one who read the clock before its lock.
    @inlinable
    @inline(__always)
    func since(_ instant: UInt64) -> UInt64 { self > instant ? self - instant : 0 }
}

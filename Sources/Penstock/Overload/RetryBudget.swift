//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Bounds all retries of a pool together, as a plain value.
///
/// A token bucket in the manner of Finagle's `RetryBudget` (Twitter, finagle-core): each first attempt pays in a share of
/// what a retry costs. Finagle lets what was paid in expire after ten seconds; this needs no clock, because no more than
/// the burst is kept.
///
/// In any sequence of calls there are no more retries than the burst and the share of the first attempts in it.
struct RetryBudget: Sendable {
    /// What a retry costs; shares are whole numbers of these parts.
    private static let price = 1_000_000

    private let share: Int
    private let balanceMax: Int
    private var balance: Int

    /// Creates a budget with its burst to spend; checks the whole policy.
    init(_ policy: RetryPolicy) {
        precondition(policy.attemptsMax >= 1, "A job is tried at least once, not \(policy.attemptsMax) times.")
        precondition((0...1_000).contains(policy.budget), "A retry budget is 0 to 1,000, not \(policy.budget).")
        precondition(policy.budgetBurst >= 1, "A retry budget's burst is at least 1, not \(policy.budgetBurst).")
        self.share = Int((policy.budget * Double(Self.price)).rounded())
        let (most, overflow) = policy.budgetBurst.multipliedReportingOverflow(by: Self.price)
        self.balanceMax = overflow ? .max : most
        self.balance = self.balanceMax
    }

    /// Pays in for first attempts.
    mutating func deposit(_ count: Int = 1) {
        let (sum, overflow) = count.multipliedReportingOverflow(by: self.share)
        let missing = self.balanceMax - self.balance
        self.balance += overflow ? missing : min(missing, sum)
    }

    /// Pays for a retry; false, and nothing paid, if there is too little left.
    mutating func withdraw() -> Bool {
        guard self.balance >= Self.price else { return false }
        self.balance -= Self.price
        return true
    }
}

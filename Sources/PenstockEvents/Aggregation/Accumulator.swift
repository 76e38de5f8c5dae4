//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One running result of one group.
///
/// Integers are added in 128 bits, exactly and in any order; doubles beside them, with the rounding error kept
/// (Neumaier), so that a sum hardly depends on the order of its events.
struct Accumulator: Sendable {
    private var integer: Int128 = 0
    private var double = 0.0
    private var compensation = 0.0
    private var hasDouble = false
    private var hasValue = false

    /// Takes a number in.
    @inline(__always)
    mutating func add(_ number: JSONNumber, _ operation: AggregateSpecification.Operation) {
        switch operation {
        case .sum:
            switch number {
            case .integer(let value): self.integer &+= Int128(value)
            case .double(let value): self.addDouble(value)
            }
            self.hasValue = true
        case .min: if self.isBetter(number, sign: -1) { self.set(number) }
        case .max: if self.isBetter(number, sign: 1) { self.set(number) }
        }
    }

    /// Takes another accumulator's numbers in.
    mutating func merge(_ other: Accumulator, _ operation: AggregateSpecification.Operation) {
        guard other.hasValue else { return }
        switch operation {
        case .sum:
            self.integer &+= other.integer
            self.hasValue = true
            guard other.hasDouble else { return }
            self.addDouble(other.double)
            self.addDouble(other.compensation)
        case .min, .max:
            self.add(other.number, operation)
        }
    }

    /// Appends the result as JSON; null when it is not finite.
    func append(to bytes: inout [UInt8]) {
        if !self.hasDouble, let value = Int64(exactly: self.integer) {
            bytes += String(value).utf8
            return
        }
        var total = self
        if total.integer != 0 || !total.hasDouble { total.addDouble(Double(total.integer)) }
        AggregateRow.append(double: total.double + total.compensation, to: &bytes)
    }

    // MARK: - Private

    private mutating func addDouble(_ value: Double) {
        self.hasDouble = true
        let total = self.double + value
        if self.double.magnitude >= value.magnitude {
            self.compensation += (self.double - total) + value
        } else {
            self.compensation += (value - total) + self.double
        }
        self.double = total
    }

    /// The number of a minimum or maximum.
    private var number: JSONNumber {
        self.hasDouble ? .double(self.double) : .integer(Int64(truncatingIfNeeded: self.integer))
    }

    /// Whether a number is to replace the minimum (`sign` -1) or maximum (`sign` 1).
    ///
    /// Of 1 and 1.0 the integer stays, so that the order of events does not show.
    @inline(__always)
    private func isBetter(_ number: JSONNumber, sign: Int) -> Bool {
        guard self.hasValue, let order = JSONNumber.compare(number, self.number) else { return !self.hasValue }
        if order == 0, case .integer = number { return self.hasDouble }
        return order == sign
    }

    private mutating func set(_ number: JSONNumber) {
        self.hasValue = true
        switch number {
        case .integer(let value):
            self.integer = Int128(value)
            self.double = 0
            self.hasDouble = false
        case .double(let value):
            self.integer = 0
            // Adding 0.0 makes -0.0 positive: the two are equal, and which came first must not show.
            self.double = value + 0.0
            self.hasDouble = true
        }
    }
}

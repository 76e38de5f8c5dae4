//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockEvents

@Suite struct StoreAgesTests {
    @Test func oldestIsThatOfTheFirstBatchThatIsLeft() {
        var ages = StoreAges()
        #expect(ages.oldest == nil)
        ages.add(2, through: 2, at: 10)
        ages.add(3, through: 5, at: 20)
        ages.add(0, through: 5, at: 25)
        ages.add(1, through: 6, at: 30)
        ages.remove([2, 4])
        #expect(ages.oldest == 10)
        ages.remove([1, 99])
        #expect(ages.oldest == 20)
        ages.remove([3, 6, 5])
        #expect(ages.oldest == nil)
    }

    @Test func memoryIsBoundedAndNoBatchBecomesYounger() {
        var ages = StoreAges()
        for number in 1...10_000 as ClosedRange<Int64> { ages.add(1, through: number, at: UInt64(number)) }
        #expect(ages.groupCount <= StoreAges.groupsMax)
        for number in 1...9999 as ClosedRange<Int64> {
            ages.remove([number])
            guard let oldest = ages.oldest, oldest <= UInt64(number + 1) else {
                Issue.record("After \(number) the oldest is of \(String(describing: ages.oldest)).")
                return
            }
        }
        ages.remove([10_000])
        #expect(ages.oldest == nil)
    }
}

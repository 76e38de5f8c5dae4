//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Testing

@testable import PenstockHTTP

struct HandOverLineTests {
    private func request(_ number: UInt64) -> HandedRequest {
        HandedRequest(number: number, lines: BodyLines(), deadline: 0)
    }

    @Test func requestsLeaveInTheirOrder() async {
        let line = HandOverLine()
        for number in 1...3000 as ClosedRange<UInt64> { #expect(line.add(self.request(number))) }
        for number in 1...3000 as ClosedRange<UInt64> { #expect(await line.next()?.number == number) }
    }

    @Test func requestThatIsTakenBackNeverLeaves() async {
        let line = HandOverLine()
        for number in 1...4 as ClosedRange<UInt64> { #expect(line.add(self.request(number))) }
        #expect(await line.next()?.number == 1)
        #expect(!line.withdraw(1))
        #expect(line.withdraw(3))
        #expect(!line.withdraw(3))
        #expect(await line.next()?.number == 2)
        #expect(await line.next()?.number == 4)
    }

    @Test func closedLineTakesNothingAndTellsWhoStoodThere() async {
        let line = HandOverLine()
        for number in 1...3 as ClosedRange<UInt64> { #expect(line.add(self.request(number))) }
        #expect(await line.next()?.number == 1)
        #expect(line.close() == [2, 3])
        #expect(!line.add(self.request(4)))
        #expect(line.close().isEmpty)
    }

    @Test func waitEndsWithItsTask() async {
        let line = HandOverLine()
        await withTaskGroup(of: UInt64?.self) { group in
            group.addTask { await line.next()?.number }
            group.cancelAll()
            #expect(await group.next() == .some(nil))
        }
    }
}
#endif

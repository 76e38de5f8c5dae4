//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

@Suite struct TimeSourceTests {
    private static let durations: [(Duration, UInt64)] = [
        (.zero, 0), (.nanoseconds(1), 1), (.nanoseconds(-1), 0), (.seconds(-5), 0),
        (.milliseconds(1_500), 1_500_000_000),
        (.seconds(9_223_372_036), 9_223_372_036_000_000_000), (.seconds(9_223_372_037), UInt64(Int64.max)),
        (.seconds(Int64.max), UInt64(Int64.max)), (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
    ]

    @Test(arguments: durations)
    func `durations become nanoseconds within their range`(duration: Duration, nanoseconds: UInt64) {
        #expect(duration.wholeNanoseconds == nanoseconds)
    }

    @Test func `an instant moves on and never round the end of time`() {
        #expect(UInt64(5).advanced(by: .nanoseconds(7)) == 12)
        #expect(UInt64(5).advanced(by: .seconds(-7)) == 5)
        #expect((UInt64.max - 1).advanced(by: .seconds(1)) == .max)
    }

    @Test func `the machine's clock does not go back, and a cancelled wait ends at once`() async {
        let time = TimeSource.system
        let before = time.now()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await time.sleep(until: .max)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(time.now() >= before)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockBench

@Suite("Leases")
struct LeaseBenchTests {
    @Test("are measured alone, side by side and in line", .timeLimit(.minutes(5)))
    func run() async throws {
        let figures = try await LeaseBench(leases: 1001).run()
        #expect(figures.map(\.tasks) == [1, 4, 4] && figures.map(\.resources) == [4, 4, 1])
        #expect(figures.map(\.isContended) == [false, false, true])
        #expect(figures.allSatisfy { $0.time > 0 })
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What producers send: 16 bytes.
struct BenchJob: Sendable {
    /// When it was to be sent, in nanoseconds on the system's clock; 0: its latency is not recorded.
    let due: UInt64
    /// Its place among all jobs.
    let number: Int
}

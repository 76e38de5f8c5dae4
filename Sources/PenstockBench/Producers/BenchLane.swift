//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The way of one producer's jobs to the workers.
///
/// It takes a burst at a time: a loop over jobs stands in each lane, because an asynchronous call through a protocol
/// costs more than the jobs do.
protocol BenchLane: ~Copyable, SendableMetatype {
    /// Sends each job of a burst by itself, and waits while there is no place for it.
    mutating func send(_ burst: Burst) async throws
}

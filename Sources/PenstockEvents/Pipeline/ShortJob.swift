//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Runs something of the user's own, and waits for it no longer than the grace; what does not end by then is left behind.
///
/// - Parameters:
///   - name: The name of its thread.
///   - time: The clock.
///   - tasks: The tasks that its own are to be among.
///   - body: What to run.
func runShortJob(
    _ name: String,
    time: TimeSource,
    tasks: LiveTasks,
    _ body: @escaping @Sendable () async -> Void
) async {
    var configuration = WorkerPoolConfiguration(name: name, workers: 1, capacity: 1)
    configuration.time = time
    configuration.tasks = tasks
    let pool = WorkerPool<Int, Void>(configuration) { _ in await body() }
    await withTaskGroup(of: Void.self) { group in
        group.addTask(name, in: tasks) { _ = try? await pool.run() }
        try? await pool.submit(0)
        _ = await pool.drain(deadline: SourceGroup.grace)
    }
}

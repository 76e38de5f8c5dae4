//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The tasks of a pool, a pipeline or a server that have not ended: for the watch for leaks.
///
/// What counts is every task that may last. The children of a single wait, which end with it, are not counted: to count them
/// would cost each wait a lock.
package final class LiveTasks: Sendable {
    /// A task that has begun, for whoever ends it.
    package struct Entry: Sendable {
        fileprivate let number: Int
        /// The same task in the list of whoever this list belongs to.
        fileprivate let above: Int?
    }

    private struct Begun {
        let name: String
        let file: StaticString
        let line: Int
        let since: UInt64
    }

    private struct State {
        var begun: [Int: Begun] = [:]
        var last = 0

        mutating func add(_ task: Begun) -> Int {
            self.last += 1
            self.begun[self.last] = task
            return self.last
        }
    }

    private let time: TimeSource
    /// The list of whoever this list belongs to, which has its tasks too.
    private let owner: LiveTasks?
    private let state = Locked(State())

    /// Creates an empty list.
    ///
    /// - Parameters:
    ///   - time: The clock of ages.
    ///   - owner: A list that is to have the same tasks among others: a pipeline's, for a pool of it.
    package init(time: TimeSource, owner: LiveTasks? = nil) {
        self.time = time
        self.owner = owner
    }

    /// A task begins.
    ///
    /// - Returns: What ends it: ``end(_:)``.
    package func begin(_ name: String, file: StaticString = #fileID, line: Int = #line) -> Entry {
        let task = Begun(name: name, file: file, line: line, since: self.time.now())
        let above = self.owner.map { owner in owner.state.withLock { $0.add(task) } }
        return Entry(number: self.state.withLock { $0.add(task) }, above: above)
    }

    /// A task has ended.
    package func end(_ entry: Entry) {
        self.state.withLock { $0.begun[entry.number] = nil }
        if let above = entry.above { self.owner?.state.withLock { $0.begun[above] = nil } }
    }

    /// Starts a task that belongs to whoever this list belongs to, and not to a caller.
    ///
    /// - Parameter executor: What it prefers to run on; nil for the usual.
    package func start(
        _ name: String,
        on executor: (any TaskExecutor)?,
        file: StaticString = #fileID,
        line: Int = #line,
        _ body: @escaping @Sendable () async -> Void
    ) -> Task<Void, Never> {
        let entry = self.begin(name, file: file, line: line)
        return Task(executorPreference: executor) {
            await body()
            self.end(entry)
        }
    }

    /// The tasks that have not ended, the oldest first.
    package var current: [LiveTask] {
        let begun = self.state.withLock { $0.begun }
        let now = self.time.now()
        return begun.sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }.map { _, task in
            LiveTask(
                name: task.name,
                place: PenstockError.Location(file: "\(task.file)", line: task.line),
                age: .nanoseconds(Int64(clamping: now - min(now, task.since)))
            )
        }
    }
}

extension TaskGroup {
    /// Adds a task that is in a list until it has ended.
    package mutating func addTask(
        _ name: String,
        in tasks: LiveTasks,
        on executor: (any TaskExecutor)? = nil,
        file: StaticString = #fileID,
        line: Int = #line,
        _ body: @escaping @Sendable () async -> ChildTaskResult
    ) {
        let entry = tasks.begin(name, file: file, line: line)
        self.addTask(executorPreference: executor) {
            defer { tasks.end(entry) }
            return await body()
        }
    }
}

extension ThrowingTaskGroup {
    /// Adds a task that is in a list until it has ended.
    package mutating func addTask(
        _ name: String,
        in tasks: LiveTasks,
        file: StaticString = #fileID,
        line: Int = #line,
        _ body: @escaping @Sendable () async throws -> ChildTaskResult
    ) {
        let entry = tasks.begin(name, file: file, line: line)
        self.addTask {
            defer { tasks.end(entry) }
            return try await body()
        }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Runs a resource pool for as long as a closure: leaving it drains.
///
/// ```swift
/// let rows = try await withResourcePool(configuration) {
///     try await Connection(to: host)
/// } destroy: { connection in
///     await connection.close()
/// } body: { connections in
///     try await connections.with { try await $0.query("…") }
/// }
/// ```
///
/// Cancelling the surrounding task drains with a deadline of now.
///
/// - Parameters:
///   - configuration: Sizes and limits; wrong ones trap.
///   - create: Makes a resource.
///   - check: Says whether a resource still works; nil when they need no check.
///   - destroy: Ends a resource; nil when it is enough to let go of it.
///   - body: Uses the pool. When it returns, or throws, the pool drains within the configured times.
/// - Returns: What the body returns.
/// - Throws: What the body throws, after the drain.
public func withResourcePool<Resource: Sendable, Value>(
    _ configuration: ResourcePoolConfiguration = ResourcePoolConfiguration(),
    create: @escaping @Sendable () async throws -> Resource,
    check: (@Sendable (Resource) async -> Bool)? = nil,
    destroy: (@Sendable (Resource) async -> Void)? = nil,
    body: (ResourcePool<Resource>) async throws -> Value
) async throws -> Value {
    let pool = ResourcePool(configuration, create: create, check: check, destroy: destroy)
    try pool.core.start()
    let outcome: Result<Value, any Error>
    do {
        let value = try await withTaskCancellationHandler {
            try await body(pool)
        } onCancel: {
            pool.core.beginDrain(deadline: .zero, grace: pool.core.configuration.drainGrace)
        }
        outcome = .success(value)
    } catch {
        outcome = .failure(error)
    }
    _ = await pool.drain()
    return try outcome.get()
}

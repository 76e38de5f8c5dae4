//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import ServiceLifecycle

/// A service with the services it needs, which outlive it however it ends.
///
/// A graceful shutdown of a `ServiceGroup` takes its services one after another, but a cancellation, and the failure of any of
/// them, reaches all at once: a database is closed while the jobs that write to it still have their grace. In here it is not.
///
/// ```swift
/// let group = ServiceGroup(
///     services: [
///         DependentService(
///             WorkerPoolService(pool, logger: logger),
///             on: ServiceGroup(services: [database], logger: logger)
///         )
///     ],
///     gracefulShutdownSignals: [.sigterm],
///     cancellationSignals: [.sigint],
///     logger: logger
/// )
/// ```
public struct DependentService: Service {
    private enum End: Sendable {
        case service(Result<Void, any Error>)
        case needs(Result<Void, any Error>)
    }

    private let service: any Service
    private let needs: ServiceGroup

    /// Creates a service; nothing runs yet.
    ///
    /// - Parameters:
    ///   - service: The service that needs the others, as a ``WorkerPoolService`` or a ``PipelineService``.
    ///   - needs: What it needs, in a group that nobody else runs and that listens to no signals. The group's
    ///     `maximumGracefulShutdownDuration` bounds how long its services may take once the service has ended.
    public init(_ service: any Service, on needs: ServiceGroup) {
        self.service = service
        self.needs = needs
    }

    /// Runs all of them until the service has ended, and then shuts down what it needed.
    ///
    /// A graceful shutdown and a cancellation reach the service at once, and what it needs when it has ended. When what it
    /// needs ends first, the service is cancelled.
    ///
    /// - Throws: What ended first with an error has thrown; `ServiceGroupError.serviceFinishedUnexpectedly` when what the
    ///   service needs has ended without one, if the group was not told otherwise.
    public func run() async throws {
        let (service, needs) = (self.service, self.needs)
        // In no group of this task: it is to hear neither of its cancellation nor of its graceful shutdown.
        let running = Task.detached { try await needs.run() }
        let ends = await withTaskGroup(of: End.self) { group in
            group.addTask { .needs(await running.result) }
            group.addTask {
                do { return .service(.success(try await service.run())) } catch { return .service(.failure(error)) }
            }
            var ends: [End] = []
            while let end = await group.next() {
                ends.append(end)
                guard ends.count == 1 else { continue }
                if case .service = end { await needs.triggerGracefulShutdown() } else { group.cancelAll() }
            }
            return ends
        }
        for end in ends {
            switch end {
            case .service(let result), .needs(let result): try result.get()
            }
        }
    }
}

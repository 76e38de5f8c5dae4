//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock
import PenstockAdmin
import PenstockEvents
import PenstockHTTP
import PenstockMetrics

/// What a pipeline file says about `admin`.
struct AdminSettings: Sendable {
    /// Which Unix socket there is.
    enum Socket: Sendable, Equatable {
        /// The one that `penstock ctl` and `penstock top` look for.
        case standard
        case none
        case path(String)
    }

    static let exampleAddress = "127.0.0.1:9464"

    var configuration = AdminConfiguration()
    var socket = Socket.standard
    /// Where the values stand, and the block itself; nil for those that are not from the file.
    var place: Place?
    var listenPlace: Place?
    var tokenPlace: Place?
    var tlsPlace: Place?
    var socketPlace: Place?

    /// The path of the socket; nil for none.
    func socketPath(of pipeline: String) -> String? {
        switch self.socket {
        case .standard: ControlSocket.path(of: pipeline)
        case .none: nil
        case .path(let path): path
        }
    }

    /// Runs a pipeline, and serves until its report is made.
    ///
    /// - Parameters:
    ///   - pipeline: The pipeline.
    ///   - shutdown: How it ends when it is told to.
    ///   - onStart: Called when it serves, with the port it listens on.
    func serving(
        _ pipeline: Pipeline,
        shutdown: ShutdownDescription,
        onStart: @Sendable (Int?) -> Void
    ) async throws -> PipelineReport {
        var configuration = self.configuration
        configuration.socket = self.socketPath(of: pipeline.description.name)
        configuration.drainDeadline = shutdown.drain
        if configuration.listen == nil, configuration.socket == nil { return try await pipeline.run() }
        if self.socket == .standard, let problem = ControlSocket.makeFolder() {
            throw PenstockError(.inputOutput, "\(problem); set 'socket' of 'admin' to another path, or to none.")
        }
        let registry = AdminServer.registry(of: pipeline)
        registry.describeBuild(version: penstockVersion)
        let server = AdminServer(configuration, pipeline: pipeline, metrics: registry)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            onStart(try await server.started())
            do {
                let report = try await pipeline.run()
                server.finish(report)
                // What happens to the server from here on takes nothing from the report.
                while let result = await group.nextResult() { _ = result }
                return report
            } catch {
                server.finish(nil)
                while let result = await group.nextResult() { _ = result }
                throw error
            }
        }
    }

    /// Where the page is, for people.
    func greeting(port: Int?) -> String {
        guard let listen = self.configuration.listen, let port else { return "" }
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        return "live page  \(self.configuration.tls == nil ? "http" : "https")://\(host):\(port)/\n"
    }
}
#endif

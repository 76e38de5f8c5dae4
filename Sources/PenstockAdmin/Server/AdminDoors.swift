//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Hummingbird
import Logging
import Penstock
import ServiceLifecycle

/// Where an admin server lets clients in, and how that ends.
///
/// First nobody new is let in, connections without a request are closed, and answers are finished; only what is left then is cut
/// off. To cut off at once would end the process: NIO traps when a connection is dropped that was accepted and not yet taken over,
/// and browsers and HTTP clients open connections in advance.
final class AdminDoors: Sendable {
    private struct State {
        var groups: [ServiceGroup] = []
        var areClosed = false
    }

    private let state = Locked(State())

    /// Serves at a door until the doors are closed and each of its connections has ended.
    func serve(_ application: some Service, logger: Logger) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
        let isOpen = self.state.withLock { state in
            if !state.areClosed { state.groups.append(group) }
            return !state.areClosed
        }
        if isOpen { try await group.run() }
    }

    /// Begins to close them; none opens from now on.
    func close() async {
        let groups = self.state.withLock { state in
            state.areClosed = true
            return state.groups
        }
        for group in groups { await group.triggerGracefulShutdown() }
    }
}
#endif

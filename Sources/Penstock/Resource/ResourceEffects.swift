//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What is to be done once the pool's lock is given back.
@usableFromInline
struct ResourceEffects: ~Copyable {
    /// Leases whose wait has ended.
    var wakeups = Wakeups<LeaseTicket>()
    /// The manager, which has something to do.
    var manager: TaskContinuation<Void>?
    /// The destruction of a resource that came back after the pool has ended: who brings it starts it.
    var late: ResourceOrder?

    @usableFromInline
    init() {}

    /// Whether there is nothing to do, as for most leases.
    @usableFromInline var isEmpty: Bool { self.manager == nil && self.late == nil && self.wakeups.isEmpty }

    /// Wakes everybody. Never under a lock.
    consuming func resume() {
        let manager = self.manager
        self.wakeups.resume()
        if let manager { manager.resume() }
    }
}

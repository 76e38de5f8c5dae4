//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension ResourcePool {
    /// The right to use a resource, for one owner at a time.
    ///
    /// It cannot be copied, so that it cannot be used or given back twice. Let go of in any way, it gives its resource
    /// back: a lease that is forgotten does not leak. Do not keep the resource itself beyond it.
    public struct Lease: ~Copyable, Sendable {
        /// What is leased.
        public let resource: Resource
        @usableFromInline let core: ResourcePoolCore<Resource>
        @usableFromInline let slot: Int
        @usableFromInline var fate = LeaseFate.kept

        @inlinable
        init(resource: Resource, core: ResourcePoolCore<Resource>, slot: Int) {
            self.resource = resource
            self.core = core
            self.slot = slot
        }

        @inlinable
        deinit { self.core.release(self.slot, fate: self.fate) }

        /// Gives the resource back for others to use.
        @inlinable
        public consuming func release() {}

        /// Gives the resource back as broken: nobody gets it again, and it is destroyed.
        @inlinable
        public consuming func discard() { self.fate = .broken }

        /// Gives the resource back after an error that may have broken it.
        @inlinable
        consuming func release(_ fate: LeaseFate) { self.fate = fate }
    }

    /// Leases a resource, and waits while there is none.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait; nil for the configured time.
    ///   - file: The file that the lease is reported with.
    ///   - line: The line that the lease is reported with.
    /// - Returns: The lease, which gives the resource back when it is let go of.
    /// - Throws: `timedOut`, with the error of the last creation if creations fail; `creationFailed` when as many
    ///   creations in a row have failed as the configuration says; `full` when too many wait; `closed` when the pool
    ///   drains; `cancelled`, at once, when the task is cancelled while it waits. Nothing is then leased. A lease that
    ///   need not wait does not look at cancellation.
    @inlinable
    public func lease(
        timeout: Duration? = nil,
        file: StaticString = #fileID,
        line: Int = #line
    ) async throws(PenstockError) -> Lease {
        let place = LeasePlace(file: file, line: line)
        switch self.core.tryLease(place) {
        case .leased(let slot, let resource): return Lease(resource: resource, core: self.core, slot: slot)
        case .closed: throw self.core.closedError()
        case .wait(let since):
            let (slot, resource) = try await self.core.leaseSlow(place, since: since, timeout: timeout)
            return Lease(resource: resource, core: self.core, slot: slot)
        }
    }

    /// Leases a resource for as long as a closure runs.
    ///
    /// When the body throws, ``ResourcePoolConfiguration/isBroken`` decides whether the resource is destroyed;
    /// otherwise it is checked before anybody else gets it, if the pool has a check.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait for a resource; nil for the configured time.
    ///   - file: The file that the lease is reported with.
    ///   - line: The line that the lease is reported with.
    ///   - body: Uses the resource, and does not keep it.
    /// - Returns: What the body returns.
    /// - Throws: What ``lease(timeout:file:line:)`` throws, and what the body throws.
    @inlinable
    public func with<Value>(
        timeout: Duration? = nil,
        file: StaticString = #fileID,
        line: Int = #line,
        _ body: (Resource) async throws -> Value
    ) async throws -> Value {
        let lease = try await self.lease(timeout: timeout, file: file, line: line)
        let value: Value
        do {
            value = try await body(lease.resource)
        } catch {
            lease.release(self.core.fate(after: error))
            throw error
        }
        lease.release()
        return value
    }
}

extension ResourcePoolCore {
    @usableFromInline
    @inline(never)
    func fate(after error: any Error) -> LeaseFate {
        self.configuration.isBroken(error) ? .broken : .suspect
    }
}

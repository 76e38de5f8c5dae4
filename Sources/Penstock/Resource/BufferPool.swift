//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Keeps memory for bytes to be used again, and bounds how much of it there is.
///
/// A buffer needs no creation that may fail, no check and no time limit, and whoever wants one must not wait. So this is
/// no ``ResourcePool``: a lease is had at once or refused, without suspending, and allocates nothing once warm.
///
/// ```swift
/// let buffers = BufferPool(byteCapacity: 64 << 10, countMax: 100)
/// var buffer = try buffers.lease()
/// let count = buffer.withMutableBytes { bytes in read(into: &bytes) }
/// ```
///
/// - Note: The bytes of a new lease are those of the last one, or zero. Where they are secret, clear them.
public final class BufferPool: Sendable {
    /// Where every buffer and every request is.
    public struct Snapshot: Sendable, Hashable {
        /// Buffers that were allocated.
        public internal(set) var created = 0
        /// Buffers that were given back to the system.
        public internal(set) var destroyed = 0
        /// Buffers that somebody has.
        public internal(set) var leased = 0
        /// Buffers that wait for their next use.
        public internal(set) var idle = 0
        /// The bytes of all buffers, leased and idle.
        public internal(set) var bytes = 0
        /// Leases that were asked for.
        public internal(set) var requests = 0
        /// Leases that were given.
        public internal(set) var served = 0
        /// Leases that were refused.
        public internal(set) var refused = 0

        /// Whether `created = destroyed + idle + leased` and `requests = served + refused`.
        public var isBalanced: Bool {
            self.created == self.destroyed + self.idle + self.leased && self.requests == self.served + self.refused
        }
    }

    /// What is to be done for a request, once the lock is given back.
    private enum Action {
        /// This buffer was idle.
        case idle(BufferMemory)
        /// There is room for a new one, when these are freed.
        case new(freed: [BufferMemory])
        /// There is no room.
        case refused
    }

    private struct State {
        var kept: [BufferMemory] = []
        var counts = Snapshot()
    }

    /// The size of a buffer, unless a larger one is asked for.
    public let byteCapacity: Int
    /// The most buffers, leased and idle.
    public let countMax: Int
    /// The most bytes in all buffers, leased and idle.
    public let bytesMax: Int
    private let state: Locked<State>

    /// Creates an empty pool.
    ///
    /// - Parameters:
    ///   - byteCapacity: The size of a buffer, at least 1. 64 KiB stay in a core's own cache.
    ///   - countMax: The most buffers, leased and idle, at least 1; `Int.max` where `bytesMax` alone is to bound them.
    ///   - bytesMax: The most bytes in all buffers; nil for `countMax` buffers of the usual size.
    public init(byteCapacity: Int = 64 << 10, countMax: Int = 64, bytesMax: Int? = nil) {
        precondition(byteCapacity >= 1, "A buffer has room for at least one byte, not \(byteCapacity).")
        precondition(countMax >= 1, "A buffer pool has at least one buffer, not \(countMax).")
        self.byteCapacity = byteCapacity
        self.countMax = countMax
        let (bytes, overflow) = byteCapacity.multipliedReportingOverflow(by: countMax)
        self.bytesMax = bytesMax ?? (overflow ? .max : bytes)
        precondition(self.bytesMax >= byteCapacity, "A buffer pool's bytesMax is at least one buffer.")
        var state = State()
        // No more than a usual pool has: `countMax` may be any number, where `bytesMax` is the bound.
        state.kept.reserveCapacity(min(countMax, 1_024))
        self.state = Locked(state)
    }

    deinit {
        for memory in self.state.withLock({ $0.kept }) { memory.deallocate() }
    }

    /// Leases a buffer, at once or not at all.
    ///
    /// - Parameter byteCapacity: How many bytes it must hold; nil for the usual size. A larger one is made for this use
    ///   only.
    /// - Returns: The lease, which gives the buffer back when it is let go of.
    /// - Throws: `full` when there are as many buffers, or bytes, as there may be; `tooLarge` when the buffer alone would
    ///   be more.
    public func lease(byteCapacity: Int? = nil) throws(PenstockError) -> Lease {
        let size = max(byteCapacity ?? 0, self.byteCapacity)
        switch self.state.withLock({ self.lease(size, &$0) }) {
        case .idle(let memory): return Lease(memory, self)
        case .new(let freed):
            for memory in freed { memory.deallocate() }
            return Lease(BufferMemory(byteCapacity: size), self)
        case .refused: throw .noBuffer(size, bytesMax: self.bytesMax)
        }
    }

    /// Where every buffer and every request is now. It balances.
    public func snapshot() -> Snapshot {
        self.state.withLock { state in
            var snapshot = state.counts
            snapshot.idle = state.kept.count
            return snapshot
        }
    }

    // MARK: - Private

    /// Finds a buffer, or room for a new one; in one step, so that each request has its end when it is counted.
    private func lease(_ size: Int, _ state: inout State) -> Action {
        state.counts.requests += 1
        if size == self.byteCapacity, let memory = state.kept.popLast() {
            state.counts.served += 1
            state.counts.leased += 1
            return .idle(memory)
        }
        let leasedBytes = state.counts.bytes - state.kept.count * self.byteCapacity
        guard state.counts.leased < self.countMax, leasedBytes <= self.bytesMax - size else {
            state.counts.refused += 1
            return .refused
        }
        var freed: [BufferMemory] = []
        while state.counts.leased + state.kept.count >= self.countMax || state.counts.bytes > self.bytesMax - size,
            let memory = state.kept.popLast()
        {
            freed.append(memory)
            state.counts.destroyed += 1
            state.counts.bytes -= memory.byteCapacity
        }
        state.counts.served += 1
        state.counts.leased += 1
        state.counts.created += 1
        state.counts.bytes += size
        return .new(freed: freed)
    }

    fileprivate func take(back memory: BufferMemory) {
        let isKept = self.state.withLock { state in
            state.counts.leased -= 1
            guard memory.byteCapacity == self.byteCapacity else {
                state.counts.destroyed += 1
                state.counts.bytes -= memory.byteCapacity
                return false
            }
            state.kept.append(memory)
            return true
        }
        if !isKept { memory.deallocate() }
    }
}

extension BufferPool {
    /// The right to use a buffer, for one owner at a time.
    ///
    /// It cannot be copied, so that it cannot be used or given back twice. Let go of in any way, it gives its buffer back.
    public struct Lease: ~Copyable, Sendable {
        private let memory: BufferMemory
        private let pool: BufferPool

        fileprivate init(_ memory: BufferMemory, _ pool: BufferPool) {
            self.memory = memory
            self.pool = pool
        }

        deinit { self.pool.take(back: self.memory) }

        /// How many bytes it holds.
        public var byteCapacity: Int { self.memory.byteCapacity }

        /// Gives the buffer back.
        public consuming func release() {}

        /// Reads the bytes.
        ///
        /// - Parameter body: Uses the bytes; they cannot leave it.
        /// - Returns: What the body returns.
        /// - Throws: What the body throws.
        public borrowing func withBytes<Value: ~Copyable, Failure: Error>(
            _ body: (RawSpan) throws(Failure) -> Value
        ) throws(Failure) -> Value {
            try body(UnsafeRawBufferPointer(self.memory.bytes).bytes)
        }

        /// Changes the bytes.
        ///
        /// - Parameter body: Uses the bytes; they cannot leave it.
        /// - Returns: What the body returns.
        /// - Throws: What the body throws.
        public mutating func withMutableBytes<Value: ~Copyable, Failure: Error>(
            _ body: (inout MutableRawSpan) throws(Failure) -> Value
        ) throws(Failure) -> Value {
            var span = self.memory.bytes.mutableBytes
            return try body(&span)
        }
    }
}

/// The memory of a buffer.
//
// SAFETY: it has one owner at a time, the pool's list or a lease, and a lease cannot be copied.
struct BufferMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCapacity: Int) {
        self.bytes = .allocate(byteCount: byteCapacity, alignment: 16)
        self.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    var byteCapacity: Int { self.bytes.count }

    func deallocate() { self.bytes.deallocate() }
}

extension PenstockError {
    fileprivate static func noBuffer(_ size: Int, bytesMax: Int) -> PenstockError {
        size > bytesMax
            ? PenstockError(.tooLarge, "A buffer of \(size) bytes is more than the pool may have in all.")
            : PenstockError(.full, "The pool has as many buffers as it may have.")
    }
}

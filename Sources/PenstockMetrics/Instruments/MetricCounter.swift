//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

public import Penstock
import Synchronization

/// A count that only grows, to which any thread adds.
///
/// Look it up once, with ``MetricsRegistry/counter(_:_:)``, and keep it. Adding takes about a nanosecond, however many
/// threads do. It is not for signal handlers.
public final class MetricCounter: Sendable {
    @usableFromInline let cells: ShardedCells
    @usableFromInline let cell: Int
    /// What it had counted when it was last set to 0.
    private let base = Atomic<UInt64>(0)

    init(_ place: CellShelf.Place) {
        self.cells = place.cells
        self.cell = place.cell
    }

    /// Adds 1.
    @inlinable
    public func increment() { self.cells.add(1, to: self.cell) }

    /// Adds an amount; less than 0 is ignored.
    @inlinable
    public func add(_ amount: Int) {
        if amount > 0 { self.cells.add(UInt64(amount), to: self.cell) }
    }

    /// What it has counted.
    ///
    /// Additions of other threads that run at this moment may or may not be in it.
    public var value: Int {
        Int(truncatingIfNeeded: self.cells.sum(of: self.cell) &- self.base.load(ordering: .relaxed))
    }

    /// Sets it to 0, which those who read it must take for a new beginning.
    package func reset() { self.base.store(self.cells.sum(of: self.cell), ordering: .relaxed) }
}

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

/// A count with fractions, as of seconds, that only grows, and to which any thread adds.
///
/// Look it up once, with ``MetricsRegistry/total(_:_:)``, and keep it. It is not for signal handlers.
public final class MetricTotal: Sendable {
    @usableFromInline let cells: ShardedCells
    @usableFromInline let cell: Int
    /// The bits of what it had counted when it was last set to 0.
    private let base = Atomic<UInt64>(0)

    init(_ place: CellShelf.Place) {
        self.cells = place.cells
        self.cell = place.cell
    }

    /// Adds an amount; what is less than 0, infinite or no number is ignored.
    @inlinable
    public func add(_ amount: Double) {
        if amount > 0, amount.isFinite { self.cells.add(real: amount, to: self.cell) }
    }

    /// What it has counted.
    ///
    /// Additions of other threads that run at this moment may or may not be in it.
    public var value: Double {
        self.cells.realSum(of: self.cell) - Double(bitPattern: self.base.load(ordering: .relaxed))
    }

    /// Sets it to 0, which those who read it must take for a new beginning.
    package func reset() { self.base.store(self.cells.realSum(of: self.cell).bitPattern, ordering: .relaxed) }
}

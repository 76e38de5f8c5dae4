//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Gives each counter a place among the cells of others, sixteen to an allocation.
struct CellShelf {
    struct Place {
        let cells: ShardedCells
        let cell: Int
    }

    private var cells: ShardedCells?
    private var used = 0

    /// A number of its own, which is 0. Its memory is let go of with the last of those it shares the allocation with.
    mutating func next() -> Place {
        if let cells = self.cells, self.used < ShardedCells.count {
            self.used += 1
            return Place(cells: cells, cell: self.used - 1)
        }
        let cells = ShardedCells()
        self.cells = cells
        self.used = 1
        return Place(cells: cells, cell: 0)
    }
}

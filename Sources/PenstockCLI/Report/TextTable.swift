//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Columns of text: the first one begins at the left, the others end at the right.
struct TextTable {
    private var rows: [[String]]

    init(_ heads: [String]) { self.rows = [heads] }

    /// Adds a row, of at most as many cells as there are heads.
    mutating func add(_ cells: [String]) { self.rows.append(cells) }

    /// The rows as lines, each ended.
    var text: String {
        let widths = self.rows[0].indices.map { column in
            self.rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return self.rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + gap : gap + cell
            }
            let line = cells.joined(separator: "   ")
            return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)]) + "\n"
        }.joined()
    }
}

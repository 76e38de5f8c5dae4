//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What makes a series one: its family's name, and its labels as text.
struct SeriesKey: Hashable, Sendable {
    var name: String
    var labelText: String
}

/// Why series were left out, and how often.
struct SeriesRejections {
    /// There were as many as there may be.
    var limit = 0
    /// Another family has the name, or one that is derived from it.
    var conflict = 0
    /// A scrape had one with the same labels.
    var duplicate = 0

    static func += (left: inout SeriesRejections, right: SeriesRejections) {
        left.limit += right.limit
        left.conflict += right.conflict
        left.duplicate += right.duplicate
    }
}

/// Which family has which names: a histogram `x` has `x_count`, and so no counter may be called that.
struct ClaimedNames {
    private struct Owner: Equatable {
        let name: String
        let kind: MetricFamily.Kind
        let unit: String?
    }

    private var owners: [String: Owner] = [:]

    /// Gives a family its names.
    ///
    /// - Returns: False when one belongs to another.
    mutating func claim(_ family: MetricFamily) -> Bool {
        let owner = Owner(name: family.name, kind: family.kind, unit: family.unit)
        if self.owners[family.name] == owner { return true }
        guard family.claimedNames.allSatisfy({ self.owners[$0] == nil }) else { return false }
        for name in family.claimedNames { self.owners[name] = owner }
        return true
    }

    /// Takes a family's names back.
    mutating func release(_ family: MetricFamily) {
        for name in family.claimedNames where self.owners[name]?.name == family.name { self.owners[name] = nil }
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The groups of one window, each with its running results.
///
/// Sums of integers are exact; one that no `Int64` holds is given as a double, as is every sum with a double in it.
/// A number that no double holds is not taken, and its event refused. A sum that has become one is given as null, since JSON has
/// no other word for it.
package struct AggregateTable: Sendable {
    private let specification: AggregateSpecification
    private var index: GroupIndex
    /// How many events each group has.
    private var counts: [Int] = []
    /// One accumulator for each column of each group.
    private var accumulators: [Accumulator] = []
    /// The numbers of the event that is being added, one a column.
    private var numbers: [JSONNumber]
    /// The group of the event that was added last.
    private var last = 0

    /// Creates an empty table.
    ///
    /// - Parameters:
    ///   - specification: What to work out; bound to the fields of the events to come.
    ///   - seed: Keeps senders of events from choosing keys that collide; results do not depend on it.
    package init(_ specification: AggregateSpecification, seed: UInt64 = .random(in: .min ... .max)) {
        self.specification = specification
        self.index = GroupIndex(seed: seed)
        self.numbers = [JSONNumber](repeating: .integer(0), count: specification.columns.count)
    }

    /// Whether no event was added.
    package var isEmpty: Bool { self.counts.isEmpty }

    /// How many groups there are.
    package var groupCount: Int { self.counts.count }

    /// Adds an event to its group; allocates nothing when the group exists.
    ///
    /// - Parameter event: An event that was scanned for the fields of the specification.
    /// - Returns: The reason when it cannot be aggregated, and then nothing has changed.
    package mutating func add(_ event: EventView) -> String? {
        let by = self.specification.by.count
        var length = 0
        for path in 0..<by {
            let field = self.specification.paths.find(path, in: event)
            let written = self.index.withRoom(at: length, for: GroupKey.lengthMax(field)) {
                GroupKey.write(field, of: event, to: $0)
            }
            guard let written else { return self.reason(path, event, wanted: "a value to group by") }
            length &+= written
        }
        for column in self.numbers.indices {
            let field = self.specification.paths.find(by &+ column, in: event)
            guard let number = JSONNumber(field, in: event), number.isFinite else {
                return self.reason(by &+ column, event, wanted: "a number")
            }
            self.numbers[column] = number
        }
        let limits = (self.specification.groupsMax, self.specification.keyBytesMax)
        guard let group = self.group(keyLength: length, groupsMax: limits.0, keyBytesMax: limits.1) else {
            return self.index.count >= limits.0
                ? "aggregate: more than \(limits.0) groups at one worker"
                : "aggregate: keys of more than \(limits.1) bytes at one worker"
        }
        self.last = group
        self.counts[group] &+= 1
        let first = group &* self.numbers.count
        for column in self.numbers.indices {
            self.accumulators[first &+ column].add(
                self.numbers[column],
                self.specification.columns[column].operation
            )
        }
        return nil
    }

    /// Calls `body` with the key of the event that was added last.
    func withLastKey<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.index.withKey(self.last, body)
    }

    /// Adds the groups of another table of the same specification.
    ///
    /// The limits hold for events, not here: what was accepted is kept.
    package mutating func merge(_ other: AggregateTable) {
        precondition(
            self.specification.labels == other.specification.labels,
            "Tables of different specifications cannot be merged."
        )
        let width = self.numbers.count
        for source in other.counts.indices {
            let length = other.index.withKey(source) { key in
                self.index.withRoom(at: 0, for: key.count) { $0.copyMemory(from: key) }
                return key.count
            }
            guard let group = self.group(keyLength: length, groupsMax: Int(UInt32.max) - 1, keyBytesMax: .max)
            else { continue }
            self.counts[group] += other.counts[source]
            for column in 0..<width {
                self.accumulators[group * width + column].merge(
                    other.accumulators[source * width + column],
                    self.specification.columns[column].operation
                )
            }
        }
    }

    /// Appends one row a group, as a JSON object and a line break, sorted by key.
    ///
    /// - Parameters:
    ///   - windowStart: When the window began, in nanoseconds since 1970.
    ///   - windowEnd: When it ended.
    ///   - bytes: What the rows are appended to.
    /// - Returns: How many rows.
    package func appendRows(windowStart: Int64, windowEnd: Int64, to bytes: inout [UInt8]) -> Int {
        let labels = self.specification.labels
        var end: [UInt8] = labels[labels.count - 2]
        AggregateRow.append(time: windowStart, to: &end)
        end.append(UInt8(ascii: ","))
        end += labels[labels.count - 1]
        AggregateRow.append(time: windowEnd, to: &end)
        end += "}\n".utf8
        let groups = self.index.sorted()
        for group in groups {
            bytes.append(UInt8(ascii: "{"))
            self.appendResults(of: group, to: &bytes)
            bytes += end
        }
        return groups.count
    }

    /// Forgets all groups, and keeps the memory for the next window.
    package mutating func removeAll() {
        self.index.removeAll()
        self.counts.removeAll(keepingCapacity: true)
        self.accumulators.removeAll(keepingCapacity: true)
    }

    // MARK: - Private

    /// The group of the key that was written last, made when it is new; nil when it would be one too many.
    @inline(__always)
    private mutating func group(keyLength: Int, groupsMax: Int, keyBytesMax: Int) -> Int? {
        let found = self.index.group(ofKeyWithLength: keyLength, groupsMax: groupsMax, keyBytesMax: keyBytesMax)
        guard let (group, isNew) = found else { return nil }
        if isNew {
            self.counts.append(0)
            for _ in 0..<self.numbers.count { self.accumulators.append(Accumulator()) }
        }
        return group
    }

    /// Appends the group's key and results, each followed by a comma.
    private func appendResults(of group: Int, to bytes: inout [UInt8]) {
        let labels = self.specification.labels
        var label = 0
        self.index.withKey(group) { key in
            var values = GroupKey.Reader(bytes: key)
            while let value = values.next() {
                bytes += labels[label]
                AggregateRow.append(value, to: &bytes)
                bytes.append(UInt8(ascii: ","))
                label += 1
            }
        }
        if self.specification.count != nil {
            bytes += labels[label]
            bytes += String(self.counts[group]).utf8
            bytes.append(UInt8(ascii: ","))
            label += 1
        }
        let width = self.numbers.count
        for column in 0..<width {
            bytes += labels[label + column]
            self.accumulators[group * width + column].append(to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
    }

    @inline(never)
    private func reason(_ path: Int, _ event: EventView, wanted: String) -> String {
        let paths = self.specification.paths
        let field = paths.find(path, in: event)
        if field.kind == .absent { return "aggregate: \(paths.problem(path, in: event))" }
        let name = paths.names[path].joined(separator: ".")
        if [.integer, .number].contains(field.kind) { return "aggregate: '\(name)' is a number that no double holds" }
        return "aggregate: '\(name)' is \(field.kind.name), not \(wanted)"
    }
}

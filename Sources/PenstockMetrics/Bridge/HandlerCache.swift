//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// The handlers that swift-metrics has, by what they were asked for with.
///
/// Many of its users make a counter anew for each thing they count: to be found must be cheap, and naming a series is not.
final class HandlerCache<Handler: AnyObject & Sendable>: Sendable {
    /// What a handler was asked for with.
    struct Key: Hashable, Sendable {
        let label: String
        /// Names and values in turn.
        let dimensions: [String]

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            var parts: [String] = []
            parts.reserveCapacity(2 * dimensions.count)
            for (name, value) in dimensions {
                parts.append(name)
                parts.append(value)
            }
            self.dimensions = parts
        }
    }

    private struct Entry {
        let handler: Handler
        /// How often it was asked for, and not destroyed.
        var users: Int
    }

    private let entriesMax: Int
    private let entries = Locked<[Key: Entry]>([:])

    /// - Parameter entriesMax: Further handlers are not kept, and made each time.
    init(entriesMax: Int) { self.entriesMax = entriesMax }

    /// The handler for a key, made if there is none.
    func handler(_ key: Key, make: () -> Handler) -> Handler {
        if let found = self.find(key) { return found }
        // Outside the lock: it takes the registry's.
        let made = make()
        self.entries.withLock { entries in
            if entries[key] == nil, entries.count < self.entriesMax { entries[key] = Entry(handler: made, users: 1) }
        }
        return made
    }

    /// Lets go of a handler.
    ///
    /// - Returns: Whether its series is to be let go of: nobody has it any more, or it was not kept here.
    func destroy(_ handler: Handler, _ key: Key) -> Bool {
        self.entries.withLock { entries in
            guard let entry = entries[key], entry.handler === handler else { return true }
            entries[key]?.users -= 1
            guard entry.users <= 1 else { return false }
            entries[key] = nil
            return true
        }
    }

    // MARK: - Private

    private func find(_ key: Key) -> Handler? {
        self.entries.withLock { entries in
            guard let index = entries.index(forKey: key) else { return nil }
            entries.values[index].users += 1
            return entries.values[index].handler
        }
    }
}

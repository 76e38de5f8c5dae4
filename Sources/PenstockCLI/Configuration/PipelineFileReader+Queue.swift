//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

#if Server
import PenstockSQLite
#endif

// The queue, and what keeps its events.
extension PipelineFileReader {
    mutating func readQueue(_ value: YAMLValue) {
        let known = ["events", "bytes", "when_full", "store"]
        guard let fields = self.values.fields(of: value, what: "'queue'", known: known) else { return }
        if let value = fields["events"],
            let events = self.values.integer(value, what: "'queue.events'", in: 1...100_000_000)
        {
            self.file.description.queue.events = events
        }
        if let value = fields["bytes"], let bytes = self.size(value, what: "'queue.bytes'") {
            self.file.description.queue.bytes = bytes
        }
        let type = fields["store"].flatMap { self.storeType($0) }
        let word = fields["when_full"].flatMap { self.whenFull($0, isDurable: type == "sqlite") }
        if type == "sqlite" {
            self.file.asksForStore = true
            let whenFull = word.flatMap { DurableQueueOptions.WhenFull(rawValue: $0.rawValue) }
            if let value = fields["store"] { self.readSQLiteStore(value, whenFull: whenFull) }
        } else if let word {
            self.file.description.queue.whenFull = word
        }
    }

    // MARK: - Private

    private mutating func whenFull(_ value: YAMLValue, isDurable: Bool) -> QueueDescription.WhenFull? {
        let words = QueueDescription.WhenFull.allCases.map(\.rawValue)
        guard let word = self.values.choice(value, what: "'queue.when_full'", of: words) else { return nil }
        if isDurable, word == QueueDescription.WhenFull.dropOldest.rawValue {
            self.values.fail(
                value.place,
                "'queue.when_full: drop_oldest' would drop what a durable queue has promised to keep",
                hint: "wait, reject or drop_newest"
            )
        }
        return QueueDescription.WhenFull(rawValue: word)
    }

    /// The types of stores that run.
    static let storeTypes = ["memory"] + TraitTypes.builtStores

    /// The type of the store; nil, and noted, when there is none that runs.
    private mutating func storeType(_ value: YAMLValue) -> String? {
        let examples = ["memory": "'store: memory'", "sqlite": "'store: { type: sqlite, path: queue.db }'"]
        let hint = "write \(Self.storeTypes.compactMap { examples[$0] }.joined(separator: " or "))"
        guard case .map(let entries) = value.content else {
            let word = self.storeType(value, what: "'queue.store'", hint: hint)
            guard word == "sqlite" else { return word }
            self.file.asksForStore = true
            self.values.fail(value.place, "'queue.store' of type sqlite has no 'path'", hint: hint)
            return nil
        }
        guard let type = entries.first(where: { $0.key == "type" }) else {
            self.values.fail(value.place, "'queue.store' has no 'type'", hint: hint)
            return nil
        }
        let word = self.storeType(type.value, what: "'queue.store.type'", hint: hint)
        if word == "memory" {
            for entry in entries where entry.key != "type" {
                self.values.unknown(entry, what: "'queue.store' of type memory", known: ["type"])
            }
        }
        return word
    }

    private mutating func storeType(_ value: YAMLValue, what: String, hint: String) -> String? {
        if case .scalar(let scalar) = value.content, value.tag == nil, !Self.storeTypes.contains(scalar.text) {
            if let trait = TraitTypes.stores[scalar.text] {
                let type = "type '\(scalar.text)' of 'queue.store'"
                self.values.fail(value.place, "\(type) needs a penstock built with the trait \(trait)", hint: hint)
                return nil
            }
            if scalar.text == "nats" {
                self.values.unavailable(value.place, "'queue.store: nats'", hint: hint)
                return nil
            }
        }
        return self.values.choice(value, what: what, of: Self.storeTypes)
    }

    #if Server
    private mutating func readSQLiteStore(_ value: YAMLValue, whenFull: DurableQueueOptions.WhenFull?) {
        let what = "'queue.store' of type sqlite"
        guard
            let fields = self.values.fields(
                of: value,
                what: what,
                known: ["type", "path", "synchronous", "bytes_max"],
                required: ["path": "'path: queue.db'"]
            )
        else { return }
        var options = DurableQueueOptions()
        options.whenFull = whenFull ?? .wait
        if let value = fields["bytes_max"], let bytes = self.size(value, what: "'queue.store.bytes_max'") {
            options.bytesMax = bytes
        }
        var synchronous = SQLiteEventStore.Synchronous.full
        if let value = fields["synchronous"] {
            let words = SQLiteEventStore.Synchronous.allCases.map(\.rawValue)
            let word = self.values.choice(value, what: "'queue.store.synchronous'", of: words)
            synchronous = word.flatMap(SQLiteEventStore.Synchronous.init) ?? synchronous
        }
        guard let place = fields["path"], let path = self.databasePath(place, what: "'queue.store.path'") else {
            return
        }
        self.file.paths.append(.init(role: .queue, path: path, place: place.place))
        let store = SQLiteEventStore(path: path, synchronous: synchronous, bytesMax: options.bytesMax)
        self.file.description.queue.store = .durable(OwnStore(store), options)
        self.file.diskBytes = SQLiteEventStore.diskBytes(bytesMax: options.bytesMax)
    }
    #else
    private mutating func readSQLiteStore(_ value: YAMLValue, whenFull: DurableQueueOptions.WhenFull?) {}
    #endif
}

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

    /// The type of the store; nil, and noted, when there is none that runs.
    private mutating func storeType(_ value: YAMLValue) -> String? {
        let kinds = ["memory", "sqlite", "nats"]
        let hint = "write 'store: memory' or 'store: { type: sqlite, path: queue.db }'"
        var word: String?
        var place = value.place
        if case .map(let entries) = value.content {
            guard let type = entries.first(where: { $0.key == "type" }) else {
                self.values.fail(value.place, "'queue.store' has no 'type'", hint: hint)
                return nil
            }
            place = type.value.place
            word = self.values.choice(type.value, what: "'queue.store.type'", of: kinds)
            if word == "memory" {
                for entry in entries where entry.key != "type" {
                    self.values.unknown(entry, what: "'queue.store' of type memory", known: ["type"])
                }
            }
        } else {
            word = self.values.choice(value, what: "'queue.store'", of: kinds)
            if word == "sqlite" {
                self.values.fail(
                    place,
                    "'queue.store' of type sqlite has no 'path'",
                    hint: "write 'store: { type: sqlite, path: queue.db }'"
                )
                return nil
            }
        }
        if word == "nats" { self.values.unavailable(place, "'queue.store: nats'", hint: hint) }
        #if !Server
        if word == "sqlite" {
            self.needServer(place, "type 'sqlite' of 'queue.store'")
            return nil
        }
        #endif
        return word
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
        guard let place = fields["path"], let path = self.values.text(place, what: "'queue.store.path'") else { return }
        self.file.paths.append(.init(role: .queue, path: path, place: place.place))
        let store = SQLiteEventStore(path: path, synchronous: synchronous, bytesMax: options.bytesMax)
        self.file.description.queue.store = .durable(OwnStore(store), options)
        self.file.diskBytes = SQLiteEventStore.diskBytes(bytesMax: options.bytesMax)
    }
    #else
    private mutating func readSQLiteStore(_ value: YAMLValue, whenFull: DurableQueueOptions.WhenFull?) {}

    /// Refuses what only a program with the trait `Server` has.
    mutating func needServer(_ place: Place, _ what: String) {
        self.values.fail(place, "\(what) needs a penstock built with the trait Server")
    }
    #endif
}

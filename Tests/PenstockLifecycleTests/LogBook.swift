//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Logging
import Penstock

/// Keeps what is logged.
struct LogBook: LogHandler {
    struct Entry {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    final class Pages: Sendable {
        private let lines = Locked<[Entry]>([])

        var entries: [Entry] { self.lines.withLock { $0 } }

        func add(_ entry: Entry) { self.lines.withLock { $0.append(entry) } }
    }

    let pages: Pages
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
        self.pages.add(Entry(level: event.level, message: "\(event.message)", metadata: metadata))
    }

    /// A logger, and what it has logged.
    static func make() -> (logger: Logger, pages: Pages) {
        let pages = Pages()
        return (Logger(label: "test") { _ in LogBook(pages: pages) }, pages)
    }
}

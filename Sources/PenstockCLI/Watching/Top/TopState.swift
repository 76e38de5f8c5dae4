//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What `penstock top` shows now, and what a key means then.
struct TopState {
    /// What a key leads to.
    enum Action: Equatable {
        case nothing
        case leave
        /// An order to the server, as its path.
        case order(String)
    }

    /// What is in the way of the status.
    private enum Phase: Equatable {
        /// Nothing. Can transition to: `help`, `asking`.
        case watching
        /// The keys. Can transition to: `watching`.
        case help
        /// Whether to drain. Can transition to: `watching`.
        case asking
    }

    /// Something that went wrong; shown until the next status.
    var note: String?
    private var status: JSONValue?
    private var phase = Phase.watching

    /// Shows a newer status.
    mutating func take(_ status: JSONValue) {
        self.status = status
        self.note = nil
    }

    /// Does what a key says.
    mutating func press(_ key: UInt8) -> Action {
        if key == 0x03 { return .leave }
        switch self.phase {
        case .help:
            self.phase = .watching
            return .nothing
        case .asking:
            self.phase = .watching
            return key | 0x20 == UInt8(ascii: "y") ? .order("/drain") : .nothing
        case .watching: return self.pressWatching(key)
        }
    }

    /// The lines for a screen.
    func lines(size: TopScreen.Size) -> [TopScreen.Line] {
        let screen = TopScreen(self.status ?? .null, size: size)
        switch self.phase {
        case .help: return screen.lines(.help)
        case .asking:
            return screen.lines(.asking("Drain? Sources stop, and the run ends. y drains, any other key does not."))
        case .watching:
            guard self.status != nil else { return [TopScreen.Line(self.note ?? "connecting…")] }
            return screen.lines(self.note.map { .noting($0) } ?? .watching)
        }
    }

    // MARK: - Private

    private mutating func pressWatching(_ key: UInt8) -> Action {
        let workers = self.status?["workers"]?.count("count") ?? 0
        switch Character(UnicodeScalar(key)) {
        case "q", "Q": return .leave
        case "p": return .order("/pause")
        case "r": return .order("/resume")
        case "+", "=": return workers > 0 ? .order("/resize?workers=\(workers + 1)") : .nothing
        case "-": return workers > 1 ? .order("/resize?workers=\(workers - 1)") : .nothing
        case "d":
            self.phase = .asking
            return .nothing
        case "?", "h":
            self.phase = .help
            return .nothing
        default: return .nothing
        }
    }
}

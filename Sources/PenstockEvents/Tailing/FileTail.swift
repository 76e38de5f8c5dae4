//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A source that reads a file and goes on as it grows.
///
/// ```swift
/// Source("log", FileTail("access.log", checkpoint: "access.checkpoint"))
/// ```
///
/// A line is an event when its end has been written. When the file is renamed and another one takes its name, the old one is
/// read to its end first; when it is made shorter, reading begins at its beginning. <doc:Tailing> tells the whole.
///
/// With a checkpoint the next run goes on behind the last event of which this one, and each one before it, has its fate. Its
/// events have the same origins then, so that a sink that keeps them leaves out what comes twice.
public final class FileTail: AcknowledgedSource {
    /// `file`.
    public let typeName = "file"

    /// Where reading begins when there is no checkpoint.
    public enum Start: String, Sendable, CaseIterable {
        /// At the beginning of the file.
        case beginning
        /// At its end: only what is written from now on. A file that comes later is read from its beginning.
        case end
    }

    /// The file.
    public let path: String
    /// Where it is noted how far the file was read; nil notes nothing.
    public let checkpoint: String?
    /// Where reading begins when there is no checkpoint.
    public let start: Start

    private struct State {
        var ledger = TailLedger()
        /// The first bytes of each file that has events without a fate.
        var heads: [FileDescriptor.Identity: ArraySlice<UInt8>] = [:]
        /// How far all events are settled.
        var reached: TailCursor?
        var failure: PenstockError?
        /// What takes the events, once it runs.
        var feed: SourceFeed?
        /// What keeps others from the checkpoint.
        var lock: FileDescriptor?
        /// Batches whose news is still to come.
        var unanswered = 0
        var hasEnded = false

        /// Gives up the checkpoint once nothing more will be noted in it.
        mutating func endLock() -> FileDescriptor? {
            guard self.hasEnded, self.unanswered <= 0 else { return nil }
            defer { self.lock = nil }
            return self.lock
        }
    }

    private let notice: @Sendable (String) -> Void
    private let state = Locked(State())
    /// What stands in the checkpoint; whoever writes it has this.
    private let written = Locked<TailCursor?>(nil)

    /// Creates a source; opens nothing.
    ///
    /// - Parameters:
    ///   - path: The file. It need not be there yet.
    ///   - checkpoint: The path of a file where it is noted how far all events are settled; it is replaced at once, with the
    ///     old or the new contents after a loss of power. Nil reads anew in each run.
    ///   - start: Where reading begins when there is no checkpoint.
    ///   - notice: Told, as a sentence for people, of a file that was made shorter or replaced.
    public init(
        _ path: String,
        checkpoint: String? = nil,
        from start: Start = .beginning,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.path = path
        self.checkpoint = checkpoint
        self.start = start
        self.notice = notice
    }

    /// Claims the checkpoint: one follower at a time may move it.
    ///
    /// - Throws: Why it cannot be had.
    public func open() async throws {
        guard let checkpoint else { return }
        let lock = try CheckpointLock.take(checkpoint)
        self.state.withLock { state in
            state.lock = lock
            state.unanswered = 0
            state.hasEnded = false
        }
    }

    /// Lets the checkpoint go.
    public func close() async { self.end() }

    /// Looks whether ``open()`` would succeed; changes nothing.
    func check() throws(PenstockError) {
        guard let checkpoint else { return }
        try CheckpointLock.check(checkpoint)
        _ = try TailCheckpoint(path: checkpoint)
    }

    /// Reads until it is time to stop.
    ///
    /// - Parameter feed: What takes the events.
    /// - Throws: Why the file cannot be read, or the checkpoint cannot be used.
    public func run(_ feed: SourceFeed) async throws {
        self.state.withLock { $0.feed = feed }
        defer { self.end() }
        let watch = FileWatch(self.path)
        watch.follow(self.path)
        var reader = try self.firstReader()
        while !feed.isStopping {
            if let failure = self.state.withLock({ $0.failure }) { throw failure }
            guard let current = reader else {
                reader = try self.open(at: 0)
                if reader == nil { watch.wait(feed) } else { watch.follow(self.path) }
                continue
            }
            if try await self.readOn(current, feed) { continue }
            var change = try current.change(of: self.path)
            if change == .none {
                watch.wait(feed)
                // Before anything is read: it may be another text by now.
                change = try current.change(of: self.path)
            }
            switch change {
            case .none: break
            case .shorter:
                self.notice("\(self.path) was made shorter, and is read from its beginning")
                reader = try self.open(at: 0)
            case .replaced:
                try await self.finish(current, feed)
                self.notice("\(self.path) was replaced, and the new file is read from its beginning")
                reader = try self.open(at: 0)
                watch.follow(self.path)
            }
        }
    }

    /// Moves the checkpoint on.
    ///
    /// - Parameter settlements: The news.
    public func settle(_ settlements: [Settlement]) async {
        let hasMoved = self.state.withLock { state in
            let cursor = state.ledger.settle(settlements, isStopping: state.feed?.isStopping ?? true)
            state.reached = cursor ?? state.reached
            return cursor != nil
        }
        if hasMoved {
            do throws(PenstockError) {
                try self.writeCheckpoint()
            } catch {
                self.state.withLock { $0.failure = error }
            }
        }
        let lock = self.state.withLock { state in
            state.unanswered -= settlements.count
            return state.endLock()
        }
        lock?.letGo()
    }

    // MARK: - Private

    /// Nothing more is read; the checkpoint is let go when the last batch has its fate.
    private func end() {
        let lock = self.state.withLock { state in
            state.hasEnded = true
            return state.endLock()
        }
        lock?.letGo()
    }

    /// The file to begin with; nil when there is none yet.
    private func firstReader() throws(PenstockError) -> TailReader? {
        guard let path = self.checkpoint, let checkpoint = try TailCheckpoint(path: path) else {
            guard self.start == .end, let facts = FileDescriptor.facts(ofPath: self.path) else { return nil }
            return try self.open(at: facts.size)
        }
        // The file may have been renamed since.
        for candidate in [self.path] + TailReader.neighbours(of: self.path) {
            guard let reader = try TailReader(candidate, at: checkpoint.cursor),
                checkpoint.matches(head: reader.head[...])
            else { continue }
            self.note(reader)
            return reader
        }
        if FileDescriptor.facts(ofPath: self.path) != nil {
            self.notice("the file of the checkpoint is gone, and \(self.path) is read from its beginning")
        }
        return nil
    }

    /// Opens the file for a session of its own; nil when it is not there.
    private func open(at offset: Int) throws(PenstockError) -> TailReader? {
        guard let reader = try TailReader(self.path, at: offset, session: .random(in: 1 ... .max)) else { return nil }
        self.note(reader)
        // Before the first event, if all before it is settled: a run that is cut off keeps the names of its events.
        self.state.withLock { $0.reached = $0.ledger.begin(session: reader.cursor) ?? $0.reached }
        try self.writeCheckpoint()
        return reader
    }

    /// Notes how far all events are settled.
    private func writeCheckpoint() throws(PenstockError) {
        guard let checkpoint else { return }
        try self.written.withLock { (written) throws(PenstockError) in
            let (cursor, head) = self.state.withLock { state in
                (state.reached, state.reached.flatMap { state.heads[$0.identity] } ?? [])
            }
            guard let cursor, cursor != written else { return }
            try TailCheckpoint(cursor, head: head).write(to: checkpoint)
            written = cursor
        }
    }

    private func note(_ reader: TailReader) {
        let cursor = reader.cursor
        self.state.withLock { state in
            // Files before the last two have nothing that is not settled, or have been given up for good.
            if state.heads.count > 64 { state.heads = [:] }
            state.heads[cursor.identity] = reader.head[...]
        }
    }

    /// Hands over what has come by now; false when there is nothing more.
    private func readOn(_ reader: TailReader, _ feed: SourceFeed) async throws -> Bool {
        guard let lines = try reader.next(lineBytesMax: feed.lineBytesMax) else { return false }
        if !lines.isEmpty { try await self.send(lines, reader, feed) }
        if reader.headHasGrown { self.note(reader) }
        return true
    }

    /// Hands over the rest of a file that has lost its name: who wrote to it may go on for a moment.
    private func finish(_ reader: TailReader, _ feed: SourceFeed) async throws {
        repeat {
            while try await self.readOn(reader, feed), !feed.isStopping {}
        } while !feed.isStopping && reader.mayGrow(beside: self.path, feed)
        guard !feed.isStopping else { return }
        let rest = reader.lastLine()
        if !rest.isEmpty { try await self.send(rest, reader, feed) }
    }

    private func send(_ lines: [UInt8], _ reader: TailReader, _ feed: SourceFeed) async throws {
        while self.state.withLock({ $0.ledger.isFull }), !feed.isStopping {
            feed.waitToRead(nil, milliseconds: 100)
        }
        let first = reader.sent
        let end = reader.cursor
        reader.sent = end
        let id = self.state.withLock { state in
            state.unanswered += 1
            return state.ledger.begin(end: end)
        }
        try await feed.offer(SourceBatch(id: id, lines: lines, firstPosition: first.line, session: first.session))
    }
}

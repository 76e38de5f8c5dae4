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

/// The connections of a source, and what each has of a line.
///
/// It belongs to the one thread that reads.
struct TCPConnections {
    /// One client.
    private struct Connection {
        let file: FileDescriptor
        /// Which stream of positions its lines belong to.
        let session: UInt64
        /// The position of the next line.
        var position: UInt64 = 1
        var unfinished = UnfinishedLine()
        /// When something came last.
        var heard: UInt64
    }

    /// Lines of one connection, to be handed over.
    struct Lines {
        var bytes: [UInt8]
        var position: UInt64
        var session: UInt64
    }

    /// Why a connection is closed.
    enum End: Equatable {
        /// The client has ended it, or it was reset.
        case left
        /// Nothing came for too long.
        case idle
        /// All connections together would hold too much of lines without an end.
        case crowded
    }

    /// What a look at a connection has brought.
    struct Reading {
        /// Its lines; also the last one, without an end, when the connection is closed.
        var lines: Lines?
        /// Why it is closed; nil when it goes on.
        var end: End?
    }

    private var all: [Connection] = []
    private var part = [UInt8](repeating: 0, count: TCPSource.readBytes)
    private let configuration: TCPSourceConfiguration
    private let lineBytesMax: Int
    private let unfinishedBytesMax: Int
    /// Bytes of lines without an end that all connections hold.
    private(set) var unfinishedBytes = 0

    /// Creates none.
    init(_ configuration: TCPSourceConfiguration, lineBytesMax: Int) {
        self.configuration = configuration
        self.lineBytesMax = lineBytesMax
        self.unfinishedBytesMax = max(configuration.unfinishedBytesMax, lineBytesMax + 2)
    }

    /// How many there are.
    var count: Int { self.all.count }

    /// Whether one more connection may be made.
    var isFull: Bool { self.all.count >= self.configuration.connectionsMax }

    /// A connection was made.
    mutating func add(_ file: FileDescriptor, session: UInt64, at now: UInt64) {
        self.all.append(Connection(file: file, session: session, heard: now))
    }

    /// What to wait for: something to read on each.
    var polled: [pollfd] { self.all.map { pollfd(fd: $0.file.number, events: Int16(POLLIN), revents: 0) } }

    /// When the first of them has been idle for too long; nil when there is none.
    var firstDeadline: UInt64? { self.all.lazy.map(\.heard).min()?.advanced(by: self.configuration.idleTime) }

    /// Reads once from a connection that has something to read, or has ended.
    mutating func read(_ place: Int, at now: UInt64) -> Reading {
        let number = self.all[place].file.number
        let count = self.part.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
        if count < 0, [EINTR, EAGAIN, EWOULDBLOCK].contains(errno) { return Reading() }
        guard count > 0 else { return self.end(place, .left) }
        self.all[place].heard = now
        let held = self.all[place].unfinished.bytes.count
        let lines = self.all[place].unfinished.lines(with: self.part[..<count], lineBytesMax: self.lineBytesMax)
        self.unfinishedBytes += self.all[place].unfinished.bytes.count - held
        var reading = Reading(lines: self.numbered(lines, of: place))
        if self.unfinishedBytes > self.unfinishedBytesMax {
            let end = self.end(place, .crowded)
            reading.end = end.end
            if let last = end.lines {
                if reading.lines == nil { reading.lines = last } else { reading.lines?.bytes += last.bytes }
            }
        }
        return reading
    }

    /// Ends a connection on which nothing has come for too long; it had nothing to read a moment ago.
    mutating func endIfIdle(_ place: Int, at now: UInt64) -> Reading {
        guard self.all[place].heard.advanced(by: self.configuration.idleTime) <= now else { return Reading() }
        return self.end(place, .idle)
    }

    /// Forgets a connection that has ended, and closes it. Another one may take its place.
    mutating func remove(_ place: Int) {
        self.all.swapAt(place, self.all.count - 1)
        self.all.removeLast()
    }

    // MARK: - Private

    private mutating func end(_ place: Int, _ end: End) -> Reading {
        let rest = self.all[place].unfinished.take()
        self.unfinishedBytes -= rest.count
        return Reading(lines: self.numbered(rest, of: place), end: end)
    }

    private mutating func numbered(_ bytes: [UInt8], of place: Int) -> Lines? {
        guard !bytes.isEmpty else { return nil }
        let position = self.all[place].position
        self.all[place].position += bytes.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        return Lines(bytes: bytes, position: position, session: self.all[place].session)
    }
}

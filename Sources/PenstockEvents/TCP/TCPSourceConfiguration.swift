//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a source that takes lines from connections does, and what it holds clients to.
public struct TCPSourceConfiguration: Sendable {
    /// Where it listens: an address that only this machine reaches, for there is neither a token nor TLS.
    public var listen: ListenAddress
    /// The most connections; those beyond are closed at once. Default: 1,024.
    public var connectionsMax = 1024
    /// How long a connection may stay open without a byte from its client. Default: 5 min.
    public var idleTime = Duration.seconds(300)
    /// The most bytes of lines without an end that all connections hold together. A connection that would hold more is
    /// closed; one may hold the longest line that is an event. Default: 64 MiB.
    public var unfinishedBytesMax = 64 << 20

    /// Creates the defaults.
    ///
    /// - Parameter listen: Where it listens.
    public init(listen: ListenAddress) {
        self.listen = listen
    }

    /// The most memory that clients can make it hold, in bytes, apart from one line of the longest kind.
    public var memoryBytesMax: Int {
        // An array that grows may hold twice what is in it.
        2 * self.unfinishedBytesMax + self.connectionsMax * Self.connectionBytes + 4 * TCPSource.readBytes
    }

    /// What stands around a connection.
    private static let connectionBytes = 1 << 10

    /// What is wrong with it, as the end of a sentence; nil when nothing is.
    var problem: String? {
        if !self.listen.isLoopback {
            return "an address that only this machine reaches, not \(self.listen): it has neither a token nor TLS"
        }
        if self.connectionsMax < 1 { return "at least 1 connection, not \(self.connectionsMax)" }
        if self.idleTime <= .zero { return "an idle time above 0" }
        if self.unfinishedBytesMax < 1 { return "room for at least 1 byte, not \(self.unfinishedBytesMax)" }
        return nil
    }
}

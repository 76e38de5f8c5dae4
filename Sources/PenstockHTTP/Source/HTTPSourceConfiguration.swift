//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
public import PenstockEvents

/// What a source that listens for HTTP requests does, and what it holds clients to.
public struct HTTPSourceConfiguration: Sendable {
    /// When a request is answered.
    public enum Acknowledgement: String, Sendable, CaseIterable {
        /// With 202, when the queue has its events.
        case accepted
        /// With 200, when the durable queue has them; without such a queue it is the same as ``delivered``.
        case durable
        /// With 200, when each event has its fate and none was lost.
        case delivered
    }

    /// The files of a certificate.
    public struct TLS: Sendable, Equatable {
        /// The certificate and those that vouch for it, as PEM.
        public var certificate: String
        /// Its private key, as PEM.
        public var key: String

        /// Creates the pair.
        ///
        /// - Parameters:
        ///   - certificate: The path of the certificate and those that vouch for it, as PEM.
        ///   - key: The path of its private key, as PEM.
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Where it listens. What other machines reach needs ``tokenFile`` and ``tls``.
    public var listen: ListenAddress
    /// The path that takes events; all others are answered with 404. Default: `/events`.
    public var path = "/events"
    /// When a request is answered. Default: when the queue has its events.
    public var acknowledgement = Acknowledgement.accepted
    /// A file with the token that requests must bring (`Authorization: Bearer …`); nil for none.
    public var tokenFile: String?
    /// The certificate; nil for HTTP without TLS.
    public var tls: TLS?
    /// The largest body, in bytes after decompression; beyond it the answer is 413. Default: 8 MiB.
    public var bodyBytesMax = 8 << 20
    /// The most bytes of bodies that all connections hold together until the queue has them. Default: 64 MiB.
    public var bodiesBytesMax = 64 << 20
    /// The largest head of a request, in bytes; beyond it the answer is 431. Default: 16 KiB.
    public var headBytesMax = 16 << 10
    /// The most connections; those beyond are closed at once. Default: 1,024.
    public var connectionsMax = 1024
    /// How long a client may take for the head of a request; beyond it the answer is 408. Default: 5 s.
    public var headTime = Duration.seconds(5)
    /// How long a client may take for a body; beyond it the answer is 408. Default: 30 s.
    public var bodyTime = Duration.seconds(30)
    /// How many bytes a second a body must bring on average, once ``headTime`` has passed. Default: 16 KiB.
    public var bodyRateMin = 16 << 10
    /// How long a connection may stay open without a request. Default: 60 s.
    public var idleTime = Duration.seconds(60)
    /// How long a request waits for the queue to take its first event; beyond it the answer is 429. Default: 1 s.
    public var wait = Duration.seconds(1)
    /// How long a request that was taken waits for the fates of its events; beyond it the answer is 504. Default: 60 s.
    public var answerTime = Duration.seconds(60)

    /// Creates the defaults.
    ///
    /// - Parameter listen: Where it listens.
    public init(listen: ListenAddress) {
        self.listen = listen
    }

    /// The most memory that clients can make it hold, in bytes.
    public var memoryBytesMax: Int {
        let connection = Self.connectionBytes + 4 * self.headBytesMax + (self.tls == nil ? 0 : Self.tlsBytes)
        return self.connectionsMax * connection + self.bodiesBytesMax + self.bodyBytesMax
    }

    /// What one read and what stands around it take: 64 KiB and a little.
    private static let connectionBytes = 80 << 10
    /// What a connection's TLS takes.
    private static let tlsBytes = 64 << 10

    /// What is wrong with the numbers, as the end of a sentence; nil when nothing is.
    var problem: String? {
        if !self.path.hasPrefix("/") || self.path.contains(where: { "?# ".contains($0) }) {
            return "a path such as /events, not \"\(self.path)\""
        }
        if self.bodyBytesMax < 1 { return "bodies of at least 1 byte, not \(self.bodyBytesMax)" }
        if self.bodiesBytesMax < self.bodyBytesMax {
            return "room for at least one body of \(self.bodyBytesMax) bytes, not \(self.bodiesBytesMax)"
        }
        if self.headBytesMax < 256 { return "heads of at least 256 bytes, not \(self.headBytesMax)" }
        if self.connectionsMax < 1 { return "at least 1 connection, not \(self.connectionsMax)" }
        if self.bodyRateMin < 0 { return "a rate of at least 0 bytes a second, not \(self.bodyRateMin)" }
        for time in [self.headTime, self.bodyTime, self.idleTime, self.wait, self.answerTime] where time <= .zero {
            return "times above 0"
        }
        return nil
    }
}
#endif

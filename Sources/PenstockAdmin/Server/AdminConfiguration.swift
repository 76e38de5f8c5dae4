//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock
public import PenstockEvents
public import PenstockHTTP

/// Where and how an admin server serves.
public struct AdminConfiguration: Sendable {
    /// The address it listens on; nil for none. Default: none.
    ///
    /// One that other machines reach needs both ``tokenFile`` and ``tls``.
    public var listen: ListenAddress?
    /// The file of a token that requests have to bring, as `Authorization: Bearer TOKEN`, but those for `/live`, `/ready` and the
    /// page. Default: none.
    public var tokenFile: String?
    /// The certificate and key of the address. Default: none, which is plain HTTP.
    public var tls: HTTPSourceConfiguration.TLS?
    /// The path of a Unix socket that serves the same, to the user whose process this is alone. Default: none.
    ///
    /// Its folder is made if it is missing.
    public var socket: String?
    /// How long accepted events may take to find their fates after `POST /drain`. Default: 30 s.
    public var drainDeadline = Duration.seconds(30)
    /// The most who watch the stream of events at one time; others get 503. Default: 16, as each is a page that is open.
    public var viewersMax = 16
    /// The most connections at one time. Default: 128.
    ///
    /// One more is let in, and the one that has been without a request for longest is cut off.
    public var connectionsMax = 128
    /// How long a request may take to come as a whole, from its first byte or, the first one, from the connection. Default: 5 s.
    public var requestTime = Duration.seconds(5)

    /// Creates a configuration that serves nowhere yet.
    public init() {}

    /// What is wrong with it; nil when nothing is that can be told without looking at files and the network.
    var problem: PenstockError? {
        if self.listen == nil, self.socket == nil {
            return PenstockError(.invalidConfiguration, "The admin server has neither an address nor a socket.")
        }
        if let listen = self.listen, !listen.isLoopback, self.tokenFile == nil || self.tls == nil {
            return PenstockError(
                .invalidConfiguration,
                "Other machines reach \(listen): the admin server needs a token file and TLS there."
            )
        }
        if let socket = self.socket { return AdminSocket.problem(ofPath: socket) }
        return nil
    }
}
#endif

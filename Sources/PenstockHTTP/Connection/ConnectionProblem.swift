//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the errors of connections mean, in plain words.
package enum ConnectionProblem {
    /// What has happened, as the end of a sentence about the other side: `the connection was refused`.
    package static func reason(_ error: any Error) -> String {
        if let reason = ClientTLS.distrust(error) { return "its certificate is not trusted: \(reason)" }
        switch error {
        case let error as IOError: return Self.reason(ofSystem: error.errnoCode)
        case let error as NIOConnectionError: return Self.reason(ofConnecting: error)
        case let error as HTTPClientError: return Self.reason(ofClient: error)
        case is SocketAddressError, is SocketAddressError.UnknownHost: return "its name is not known"
        case ChannelError.connectTimeout: return "it took too long"
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed, ChannelError.eof:
            return "it closed the connection"
        case let error as NIOSSLError: return Self.reason(ofTLS: error)
        case is BoringSSLError: return "it speaks no TLS that is understood here"
        default: return "\(error)"
        }
    }

    // MARK: - Private

    private static func reason(ofSystem number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "the connection was refused: nobody listens there"
        case ETIMEDOUT: "it took too long"
        case ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED: "it closed the connection"
        case EHOSTUNREACH, ENETUNREACH: "no network leads there"
        default: String(cString: strerror(number))
        }
    }

    private static func reason(ofConnecting error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first { return Self.reason(failure.error) }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "the name \"\(error.host)\" is not known" }
        return "no connection could be made"
    }

    private static func reason(ofClient error: HTTPClientError) -> String {
        switch error {
        case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
            .tlsHandshakeTimeout:
            "it took too long"
        case .remoteConnectionClosed, .uncleanShutdown: "it closed the connection"
        default: "\(error)"
        }
    }

    private static func reason(ofTLS error: NIOSSLError) -> String {
        switch error {
        case .uncleanShutdown: "it closed the connection"
        case .handshakeFailed(let reason) where "\(reason)".contains("EOF during handshake"):
            "it closed the connection before TLS was agreed on"
        case .handshakeFailed(let reason) where "\(reason)".contains("WRONG_VERSION_NUMBER"):
            "it speaks no TLS there"
        case .handshakeFailed: "TLS could not be agreed on with it"
        default: "\(error)"
        }
    }
}
#endif

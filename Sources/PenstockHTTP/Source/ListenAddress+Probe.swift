//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Penstock
import PenstockEvents

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ListenAddress {
    /// Why nobody can listen here now; nil when somebody can.
    ///
    /// Binds a socket for a moment, without listening: nobody can connect meanwhile.
    var problem: PenstockError? {
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(self.host, port: self.port)
        } catch {
            return HTTPServer.problem(self, ConnectionProblem.reason(error), error)
        }
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        #if os(Linux)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        let number = socket(family, kind, 0)
        guard number >= 0 else { return HTTPServer.problem(self, String(cString: strerror(errno))) }
        defer { close(number) }
        var isReused: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        let result = address.withSockAddr { pointer, size in bind(number, pointer, socklen_t(size)) }
        guard result == 0 else { return HTTPServer.problem(self, String(cString: strerror(errno))) }
        // Where somebody listens already, Linux tells only here.
        return listen(number, 1) == 0 ? nil : HTTPServer.problem(self, String(cString: strerror(errno)))
    }
}
#endif

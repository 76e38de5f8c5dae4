//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A connection to a port of this machine, byte by byte.
final class PlainConnection {
    private let descriptor: Int32

    init(port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        #if canImport(Darwin)
        self.descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        _ = fcntl(self.descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(self.descriptor) }

    /// Sends a text; false when the connection has ended.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        #if canImport(Darwin)
        return Darwin.send(self.descriptor, bytes, bytes.count, 0) == bytes.count
        #elseif canImport(Musl)
        return Musl.send(self.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        #else
        return Glibc.send(self.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        #endif
    }

    /// Reads until the server ends the connection, or until a text has come.
    func text(until end: String? = nil) async -> String {
        var text: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while !Task.isCancelled {
            let count = read(self.descriptor, &bytes, bytes.count)
            if count > 0 { text += bytes.prefix(count) }
            if count == 0 || (count < 0 && errno != EAGAIN) { break }
            if let end, String(decoding: text, as: UTF8.self).contains(end) { break }
            if count < 0 { await Task.yield() }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
#endif

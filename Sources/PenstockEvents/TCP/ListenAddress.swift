//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where a server listens: an address and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 or IPv6 address, without brackets, or `localhost`.
    public let host: String
    /// The port; 0 for a free one that the system picks.
    public let port: Int

    /// Creates an address of a port that only this machine reaches.
    ///
    /// - Parameter port: The port, 0 to 65,535; 0 for a free one.
    public static func loopback(port: Int) -> ListenAddress {
        ListenAddress(host: "127.0.0.1", port: min(max(0, port), 65_535))
    }

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads an address such as `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; nil when the text is none.
    ///
    /// Names of other machines are not taken: where a server listens should not depend on who answers for a name.
    ///
    /// - Parameter text: The text.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":"), Self.isIPv6(host) else { return nil }
        } else {
            guard host == "localhost" || Self.octets(host) != nil else { return nil }
        }
        self.init(host: host, port: port)
    }

    /// The address as it is written in a pipeline file.
    public var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }

    /// Whether only this machine reaches it.
    public var isLoopback: Bool {
        if self.host == "localhost" || self.host == "::1" { return true }
        return Self.octets(self.host)?.first == 127
    }

    // MARK: - Private

    private static func octets(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            // A leading zero is octal to some and decimal to others.
            guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part == "0" || !part.hasPrefix("0"), let octet = UInt8(part)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func isIPv6(_ text: String) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard !text.contains(":::"), (1...2).contains(halves.count) else { return false }
        var groups = 0
        for half in halves where !half.isEmpty {
            for group in half.split(separator: ":", omittingEmptySubsequences: false) {
                guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ $0 < 0x80 }),
                    group.allSatisfy(\.isHexDigit)
                else { return false }
                groups += 1
            }
        }
        return halves.count == 2 ? groups <= 7 : groups == 8
    }
}

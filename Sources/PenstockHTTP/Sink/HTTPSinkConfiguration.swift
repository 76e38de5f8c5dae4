//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// Where a sink posts events to, and how.
public struct HTTPSinkConfiguration: Sendable {
    /// How the events of a batch make a body.
    public enum Format: String, Sendable, CaseIterable {
        /// One event a line; `application/x-ndjson`.
        case ndjson
        /// One JSON array; `application/json`. Each event must be JSON.
        case jsonArray = "json_array"
    }

    /// The address, `http` or `https`.
    public var url: String
    /// How the events of a batch make a body. Default: one a line.
    public var format = Format.ndjson
    /// Headers of each request, besides those that the sink sets itself.
    public var headers: [(name: String, value: String)] = []
    /// A file with a token that requests carry (`Authorization: Bearer …`); nil for none.
    public var tokenFile: String?
    /// How long a request may take, answer included. Default: 10 s.
    public var timeout = Duration.seconds(10)
    /// A file with the certificates, as PEM, that the server's must come from; nil for those the system trusts.
    public var authorities: String?

    /// Creates the defaults.
    ///
    /// - Parameter url: The address, `http` or `https`.
    public init(url: String) {
        self.url = url
    }

    /// Headers that the sink sets itself.
    static let ownHeaders = [
        "authorization", "connection", "content-length", "content-type", "host", "penstock-batch-id",
        "transfer-encoding",
    ]

    /// What is wrong with a URL, as the end of a sentence, and what to do; nil when nothing is.
    package static func problem(ofURL url: String) -> (reason: String, hint: String?)? {
        let example = "an address such as https://example.com/events"
        let scheme = url.hasPrefix("https://") ? "https://" : url.hasPrefix("http://") ? "http://" : nil
        guard let scheme else { return ("it begins neither with http:// nor with https://", example) }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return ("it has characters that a URL has not", "write others as %XX")
        }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        if authority.contains("@") {
            return ("it has a user or a password in it", "put a token into a file, and its path into 'token_file'")
        }
        if url.contains("#") { return ("it has a fragment (#), which no server ever sees", example) }
        var host = authority
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let port = Int(authority[authority.index(after: colon)...])
            guard let port, (1...65_535).contains(port) else {
                return ("its port is no number from 1 to 65535", example)
            }
            host = authority[..<colon]
        }
        return host.isEmpty ? ("it names no host", example) : nil
    }

    /// What is wrong with a header, as the end of a sentence; nil when nothing is.
    package static func problem(ofHeader name: String, value: String) -> String? {
        let marks = "!#$%&'*+-.^_`|~"
        let isToken = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || marks.utf8.contains(byte)
        }
        guard !name.isEmpty, isToken else { return "its name has characters that a header's name has not" }
        if Self.ownHeaders.contains(name.lowercased()) { return "the sink sets it itself" }
        guard value.utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7E).contains($0) }) else {
            return "its value has characters that a header's value has not"
        }
        return nil
    }
}
#endif

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
import HummingbirdTLS
import NIOCore
import NIOHTTP1
package import Penstock
import PenstockHTTP

/// Speaks with an admin server, of this program or of another one.
package struct AdminClient: Sendable {
    /// Where the server is.
    package enum Target: Sendable, CustomStringConvertible {
        /// Behind a Unix socket, by its path.
        case socket(String)
        /// At an address, such as `http://127.0.0.1:9464`.
        case url(String)

        package var description: String {
            switch self {
            case .socket(let path): path
            case .url(let url): url
            }
        }
    }

    /// One of the events that a server streams.
    package struct Event: Sendable {
        /// `status` or `report`.
        package var name: String
        /// JSON.
        package var data: String
    }

    /// The longest answer.
    private static let answerBytesMax = 16 << 20

    private let target: Target
    private let base: String
    private let token: SecretToken?
    /// What connections are made with; nil for the usual.
    private let tls: TLSConfiguration?

    /// One for all clients, which lives as long as the process, as the shared one of its library does: that one tries again and
    /// again where nobody answers, and does not say why.
    private static let connections: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Creates a client; connects to nothing.
    ///
    /// - Parameters:
    ///   - target: Where the server is.
    ///   - tokenFile: The file of the token that the server wants, if it wants one.
    ///   - authorities: The file, in PEM, of the certificates that the server's must come from; nil for those that the system
    ///     trusts.
    /// - Throws: `invalidConfiguration` when a file cannot be used.
    package init(_ target: Target, tokenFile: String? = nil, authorities: String? = nil) throws(PenstockError) {
        self.target = target
        self.tls = if let authorities { try ClientTLS.configuration(authorities: authorities) } else { nil }
        self.token = if let tokenFile { try SecretToken.load(tokenFile) } else { nil }
        switch target {
        case .socket(let path): self.base = "http+unix://\(Self.escaped(path))"
        case .url(let url): self.base = url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    /// Asks for something.
    ///
    /// - Throws: `inputOutput` when nobody answers, or refuses: with the reason that was given.
    package func get(_ path: String) async throws(PenstockError) -> String { try await self.ask("GET", path) }

    /// Gives an order.
    ///
    /// - Throws: `inputOutput` when nobody answers, or refuses: with the reason that was given.
    @discardableResult
    package func order(_ path: String) async throws(PenstockError) -> String { try await self.ask("POST", path) }

    /// Watches, until the stream ends or the body has seen enough.
    ///
    /// - Parameters:
    ///   - body: Gets each event, and tells whether it wants more.
    /// - Throws: `inputOutput` when nobody answers, refuses, or is gone in the middle of an event.
    package func follow(_ body: (Event) async -> Bool) async throws(PenstockError) {
        do {
            let request = self.request("GET", "/events")
            let response = try await Self.connections.execute(request, deadline: .distantFuture)
            guard response.status == .ok else {
                throw self.refusal(response.status, try await response.body.collect(upTo: Self.answerBytesMax))
            }
            var rest = ""
            for try await part in response.body {
                rest += String(buffer: part)
                while let end = rest.firstRange(of: "\n\n") {
                    let event = Self.event(rest[..<end.lowerBound])
                    rest = String(rest[end.upperBound...])
                    if let event, await !body(event) { return }
                }
            }
        } catch {
            throw self.problem(error)
        }
    }

    // MARK: - Private

    private func request(_ method: String, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: self.base + path)
        request.method = HTTPMethod(rawValue: method)
        request.tlsConfiguration = self.tls
        if method != "GET" { request.headers.add(name: AdminGuard.header, value: "penstock") }
        if let token = self.token { request.headers.add(name: "Authorization", value: token.authorization) }
        return request
    }

    private func ask(_ method: String, _ path: String) async throws(PenstockError) -> String {
        do {
            let response = try await Self.connections.execute(self.request(method, path), timeout: .seconds(10))
            let body = try await response.body.collect(upTo: Self.answerBytesMax)
            guard (200..<300).contains(response.status.code) else { throw self.refusal(response.status, body) }
            return String(buffer: body)
        } catch {
            throw self.problem(error)
        }
    }

    private func refusal(_ status: HTTPResponseStatus, _ body: ByteBuffer) -> PenstockError {
        // Answers of the server are one short object; anything else is not for a message.
        let text = String(buffer: body)
        let reason = text.hasPrefix("{\"error\":\"") ? text.dropFirst(10).prefix { $0 != "\"" } : "\(status.code)"
        return PenstockError(.inputOutput, "The server at \(self.target) refuses: \(reason).")
    }

    private func problem(_ error: any Error) -> PenstockError {
        if let error = error as? PenstockError { return error }
        if let reason = ClientTLS.distrust(error) {
            let hint =
                self.tls == nil
                ? "name the file of a certificate that it comes from, in PEM, with --ca"
                : "it has to come from a certificate in the file of --ca"
            let text = "The certificate of the server at \(self.target) is not trusted: \(reason); \(hint)."
            return PenstockError(.inputOutput, text, underlyingError: error)
        }
        let text = "Nobody answers at \(self.target): \(ConnectionProblem.reason(error))."
        return PenstockError(.inputOutput, text, underlyingError: error)
    }

    private static func event(_ text: Substring) -> Event? {
        var (name, data) = ("message", "")
        for line in text.split(separator: "\n") {
            if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { data += line.dropFirst(6) }
        }
        return data.isEmpty ? nil : Event(name: name, data: data)
    }

    /// A path as the host of a URL.
    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }
}
#endif

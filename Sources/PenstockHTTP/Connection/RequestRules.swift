//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOHTTP1

/// Says from the head of a request alone whether its body will be read, and how.
struct RequestRules: Sendable {
    /// How a body is cut into events.
    enum Format: Sendable, Equatable {
        /// It holds lines, whatever is in them.
        case lines
        /// It is a JSON array.
        case json
    }

    /// How much of a body comes.
    enum Length: Sendable, Equatable {
        case bytes(Int)
        case chunks
    }

    /// What comes behind the head.
    struct Plan: Sendable, Equatable {
        var format: Format
        var length: Length
        /// Whether it comes compressed.
        var isCompressed: Bool
        /// Whether the client waits for a word before it sends the body.
        var wantsContinue: Bool
        /// Whether the connection ends with the answer.
        var closes: Bool
    }

    /// What becomes of a request.
    enum Verdict: Sendable, Equatable {
        case take(Plan)
        case refuse(HTTPAnswer)
    }

    let path: String
    let bodyBytesMax: Int
    let token: SecretToken?

    /// Judges a head.
    func verdict(on head: HTTPRequestHead) -> Verdict {
        if let answer = self.refusal(of: head) {
            // Behind a refused head may stand a body that nobody reads.
            return .refuse(Self.hasBody(head) || !head.isKeepAlive ? answer.closing : answer)
        }
        let type = head.headers["content-type"]
        guard type.count == 1, let format = Self.format(of: type[0]) else {
            let types = "application/x-ndjson, application/json, text/plain or application/octet-stream"
            return .refuse(HTTPAnswer.refusal(415, "the Content-Type is to be \(types)").closing)
        }
        let encodings = Self.encodings(of: head)
        guard encodings.count <= 1, encodings.allSatisfy({ $0 == "identity" || Self.compressions.contains($0) }) else {
            return .refuse(HTTPAnswer.refusal(415, "the Content-Encoding is to be gzip or deflate").closing)
        }
        switch Self.length(of: head) {
        case .failure(let refusal): return .refuse(refusal.answer.closing)
        case .success(.bytes(let bytes)) where bytes > self.bodyBytesMax:
            return .refuse(HTTPAnswer.tooLarge(self.bodyBytesMax).closing)
        case .success(let length):
            return .take(
                Plan(
                    format: format,
                    length: length,
                    isCompressed: Self.isCompressed(head),
                    wantsContinue: !head.headers["expect"].isEmpty,
                    closes: !head.isKeepAlive || !head.headers["upgrade"].isEmpty
                )
            )
        }
    }

    /// Whether a body is to be inflated.
    static func isCompressed(_ head: HTTPRequestHead) -> Bool {
        Self.encodings(of: head).first.map(Self.compressions.contains) ?? false
    }

    // MARK: - Private

    /// What is inflated; `x-gzip` is another name of `gzip` (RFC 9110, 8.4.1.3).
    private static let compressions: Set<String> = ["gzip", "x-gzip", "deflate"]

    private static func encodings(of head: HTTPRequestHead) -> [String] {
        head.headers[canonicalForm: "content-encoding"].map { $0.lowercased() }
    }

    private struct Refusal: Error {
        var answer: HTTPAnswer
    }

    /// Why the request is refused, whatever its body is.
    private func refusal(of head: HTTPRequestHead) -> HTTPAnswer? {
        guard head.version == .http1_1 else { return .refusal(505, "HTTP/1.1 is spoken here") }
        guard head.headers["host"].count == 1 else { return .refusal(400, "a request has one Host header") }
        if let token {
            let brought = head.headers["authorization"]
            guard brought.count == 1, token.isBrought(by: brought[0]) else {
                var answer = HTTPAnswer.refusal(401, "the token is missing or wrong")
                answer.header = ("WWW-Authenticate", #"Bearer realm="penstock""#)
                return answer
            }
        }
        guard Self.path(of: head.uri) == self.path[...] else { return .refusal(404, "nothing is here") }
        guard head.method == .POST else {
            var answer = HTTPAnswer.refusal(405, "events come with POST")
            answer.header = ("Allow", "POST")
            return answer
        }
        let expectations = head.headers["expect"]
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            return .refusal(417, "only 100-continue can be expected")
        }
        return nil
    }

    private static func hasBody(_ head: HTTPRequestHead) -> Bool {
        if !head.headers["transfer-encoding"].isEmpty { return true }
        return head.headers["content-length"].contains { $0 != "0" }
    }

    /// How long the body is. Whatever two readers could take in two ways is refused: that is how requests are smuggled.
    private static func length(of head: HTTPRequestHead) -> Result<Length, Refusal> {
        let codings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        if !codings.isEmpty {
            guard lengths.isEmpty else {
                return .failure(
                    Refusal(answer: .refusal(400, "Content-Length and Transfer-Encoding exclude each other"))
                )
            }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                return .failure(Refusal(answer: .refusal(501, "the only Transfer-Encoding is chunked")))
            }
            return .success(.chunks)
        }
        guard let text = lengths.first else {
            return .failure(Refusal(answer: .refusal(411, "a body has a Content-Length or is chunked")))
        }
        guard lengths.count == 1, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !text.isEmpty else {
            return .failure(Refusal(answer: .refusal(400, "the Content-Length is no number")))
        }
        return .success(.bytes(Int(text) ?? .max))
    }

    private static func path(of uri: String) -> Substring {
        var rest = uri[...]
        // A proxy may send the whole address.
        if rest.hasPrefix("http://") || rest.hasPrefix("https://") {
            let host = rest.drop { $0 != "/" }.dropFirst(2)
            rest = host.drop { $0 != "/" }
        }
        return rest.prefix { $0 != "?" }
    }

    private static func format(of type: String) -> Format? {
        let parts = type.split(separator: ";", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).lowercased()
        }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            let name = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            guard name == "utf-8" || name == "us-ascii" else { return nil }
        }
        switch parts.first {
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "text/plain",
            "application/octet-stream":
            return .lines
        case "application/json": return .json
        default: return nil
        }
    }
}

extension HTTPAnswer {
    /// The answer to a body that is larger than bodies may be.
    static func tooLarge(_ bytesMax: Int) -> HTTPAnswer {
        .refusal(413, "a body has at most \(bytesMax) bytes")
    }
}
#endif

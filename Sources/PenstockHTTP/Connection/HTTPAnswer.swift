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

/// An answer to a request.
struct HTTPAnswer: Sendable, Equatable {
    /// The status code.
    var status: Int
    /// The body: one JSON object.
    var body: String
    /// Seconds after which trying again may help; nil leaves the header out.
    var retryAfter: Int?
    /// A header of this answer alone.
    var header: (name: String, value: String)?
    /// Whether the connection ends with it.
    var closes = false

    /// Creates an answer.
    init(_ status: Int, body: String, retryAfter: Int? = nil) {
        self.status = status
        self.body = body
        self.retryAfter = retryAfter
    }

    /// A refusal, of which nothing was taken.
    ///
    /// - Parameters:
    ///   - status: The status code.
    ///   - error: Why, in plain characters that JSON need not escape.
    ///   - retryAfter: Seconds after which trying again may help.
    static func refusal(_ status: Int, _ error: String, retryAfter: Int? = nil) -> HTTPAnswer {
        HTTPAnswer(status, body: #"{"error":"\#(error)","accepted":0}"#, retryAfter: retryAfter)
    }

    /// The same answer, as the last one of its connection.
    var closing: HTTPAnswer {
        var answer = self
        answer.closes = true
        return answer
    }

    static func == (left: HTTPAnswer, right: HTTPAnswer) -> Bool {
        left.status == right.status && left.body == right.body && left.retryAfter == right.retryAfter
            && left.closes == right.closes && left.header?.name == right.header?.name
            && left.header?.value == right.header?.value
    }

    /// Writes the answer.
    ///
    /// - Parameters:
    ///   - buffer: What to write to.
    ///   - date: The value of the `Date` header.
    func write(to buffer: inout ByteBuffer, date: String) {
        buffer.writeString("HTTP/1.1 \(self.status) \(Self.reason(self.status))\r\nDate: \(date)\r\n")
        buffer.writeString("Content-Type: application/json\r\nContent-Length: \(self.body.utf8.count + 1)\r\n")
        if let retryAfter { buffer.writeString("Retry-After: \(retryAfter)\r\n") }
        if let header { buffer.writeString("\(header.name): \(header.value)\r\n") }
        if self.closes { buffer.writeString("Connection: close\r\n") }
        buffer.writeString("\r\n\(self.body)\n")
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
#endif

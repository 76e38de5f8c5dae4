//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockEvents

/// What a server has answered to a batch, as far as it matters.
struct SinkResponse: Sendable {
    /// How much of a body is told of in dead letters.
    static let bodyBytesMax = 200
    /// The longest that a server can make a sink wait. Who asks for more is asked again then.
    static let retryAfterMax = Duration.seconds(300)

    var status: Int
    var retryAfter: String?
    /// The beginning of the body.
    var body: [UInt8]

    /// What it means for the events.
    ///
    /// - Parameter now: Seconds since 1970.
    func answer(now: Int64) -> SinkAnswer {
        switch self.status {
        case 200..<300: return .delivered
        case 408, 425, 429, 500...: return .retry(self.reason, after: Self.delay(self.retryAfter, now: now))
        case 300..<400: return .refused("\(self.reason): where it leads to is not followed")
        default: return .refused(self.reason)
        }
    }

    /// How long a server asks to wait.
    ///
    /// - Parameters:
    ///   - text: The value of its `Retry-After`: seconds, or a date.
    ///   - now: Seconds since 1970.
    static func delay(_ text: String?, now: Int64) -> Duration? {
        guard let text else { return nil }
        let word = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        if !word.isEmpty, word.allSatisfy({ $0.isASCII && $0.isNumber }) {
            return min(.seconds(Int64(String(word)) ?? .max), Self.retryAfterMax)
        }
        guard let date = HTTPDate.seconds(String(word)) else { return nil }
        return min(.seconds(max(0, date - now)), Self.retryAfterMax)
    }

    private var reason: String {
        let text = String(decoding: self.body.prefix(Self.bodyBytesMax), as: UTF8.self)
        let line = String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
        return line.isEmpty ? "the server answered \(self.status)" : "the server answered \(self.status): \(line)"
    }
}
#endif

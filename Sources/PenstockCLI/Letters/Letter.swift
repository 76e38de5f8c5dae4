//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A dead letter, as a run has written it.
struct Letter: Sendable {
    /// All that it says, for what is not asked for by name.
    let value: JSONValue
    let source: String
    let reason: String
    /// The event, as it was.
    let event: [UInt8]

    /// Reads a line of a file of dead letters; nil when it is none.
    init?(_ line: [UInt8]) {
        guard let text = String(validating: line, as: UTF8.self), let value = JSONValue(text),
            let source = value["source"]?.text, let reason = value["reason"]?.text, let event = value["event"]?.text
        else { return nil }
        self.value = value
        self.source = source
        self.reason = reason
        switch value["encoding"]?.text {
        case nil: self.event = Array(event.utf8)
        case "base64":
            guard let bytes = Base64.decode(event) else { return nil }
            self.event = bytes
        default: return nil
        }
    }

    /// The position at the source.
    var position: String { self.value["position"]?.json ?? "" }
    /// The sink that has refused it; nil when it was decoding or a step.
    var sink: String? { self.value["sink"]?.text }
    /// When it was written, as RFC 3339 has it.
    var time: String { self.value["time"]?.text ?? "" }
    /// How often it was tried in all.
    var attempts: Int { self.value["attempts"]?.integer ?? 1 }
    /// Whether the event is only the beginning of a line.
    var isCut: Bool { self.value["cut_to_bytes"] != nil }

    /// The line of a letter that was tried again in vain: the same event, with the newer reason.
    func line(afterFailure failure: Letter) -> String {
        let changed: Set = ["reason", "sink", "attempts", "time"]
        guard case .object(let members) = self.value.without(changed) else { return self.value.json }
        var news: [(key: String, value: JSONValue)] = [("reason", .string(failure.reason))]
        if let sink = failure.sink { news.append(("sink", .string(sink))) }
        news.append(("attempts", .number(String(self.attempts + failure.attempts))))
        news.append(("time", .string(failure.time)))
        let place = members.firstIndex { $0.key == "event" } ?? members.count
        return JSONValue.object(Array(members[..<place]) + news + Array(members[place...])).json
    }
}

/// Base64, as RFC 4648 has it.
enum Base64 {
    /// The bytes of a text; nil when it is not base64 with padding.
    static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        for (place, character) in characters.enumerated() {
            guard let digit = place < characters.count - padding ? Self.digit(character) : 0 else { return nil }
            group = group << 6 | digit
            guard place % 4 == 3 else { continue }
            bytes += [UInt8(group >> 16 & 0xFF), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
            group = 0
        }
        return bytes.dropLast(padding)
    }

    private static func digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

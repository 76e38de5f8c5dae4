//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A step that makes other bytes of an event.
enum EventRewrite: Sendable {
    case select(SelectStep)
    case rename(RenameStep)
    case parse(ParseStep)

    /// Appends what the event becomes.
    ///
    /// - Parameters:
    ///   - event: The event, scanned for the fields that the step has asked for if events are objects by then.
    ///   - output: What it is appended to, without a line end.
    ///   - desk: What a worker works with.
    /// - Returns: Why the event becomes a dead letter instead; what was appended by then means nothing.
    func apply(to event: EventView, _ output: inout [UInt8], _ desk: inout RewriteDesk) -> String? {
        switch self {
        case .select(let step):
            step.apply(to: event, &output)
            return nil
        case .rename(let step):
            step.apply(to: event, &output)
            return nil
        case .parse(let step): return step.apply(to: event, &output, &desk)
        }
    }
}

/// What a worker rewrites events with: memory that is used again for the next one.
struct RewriteDesk: Sendable {
    var matcher = PatternMatcher()
    /// Text that is not in the event as it is written there.
    var text: [UInt8] = []
}

/// Writes the members of an object one by one.
struct ObjectWriter {
    private var isEmpty = true

    /// Begins an object.
    init(_ output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
    }

    /// Appends a comma where one is needed, and a key that is JSON already, its colon included.
    @inline(__always)
    mutating func key(_ label: some Collection<UInt8>, _ output: inout [UInt8]) {
        if !self.isEmpty { output.append(UInt8(ascii: ",")) }
        self.isEmpty = false
        output.append(contentsOf: label)
    }

    /// Ends the object.
    func end(_ output: inout [UInt8]) {
        output.append(UInt8(ascii: "}"))
    }

    /// A name as a key: in quotes, with its colon.
    static func label(_ name: String) -> [UInt8] {
        var label: [UInt8] = []
        appendJSONString(name, to: &label)
        return label + [UInt8(ascii: ":")]
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// A file that is followed.
extension PipelineFileReader {
    /// The keys of a source of type file.
    static let fileSourceKeys = ["type", "path", "repeat", "follow", "checkpoint", "from"]

    /// Whether a source of type file is to be followed; what goes only with the one or the other is noted.
    mutating func isFollowed(_ fields: [String: YAMLValue], what: String) -> Bool {
        let isFollowed = fields["follow"].flatMap { self.values.boolean($0, what: "'follow' of \(what)") } ?? false
        for key in ["checkpoint", "from"] where !isFollowed {
            guard let value = fields[key] else { continue }
            self.values.fail(
                value.place,
                "'\(key)' of \(what) needs 'follow: true'",
                hint: "add it, or leave '\(key)' out"
            )
        }
        if isFollowed, let times = fields["repeat"] {
            self.values.fail(
                times.place,
                "\(what) cannot be both followed and repeated",
                hint: "leave 'repeat' or 'follow' out"
            )
        }
        return isFollowed
    }

    /// A file that is followed.
    mutating func tail(_ fields: [String: YAMLValue], path: String, what: String, name: String) -> SourceDescription {
        var checkpoint: String?
        if let value = fields["checkpoint"] {
            checkpoint = self.values.text(value, what: "'checkpoint' of \(what)")
            if let checkpoint {
                self.file.paths.append(.init(role: .checkpoint(name), path: checkpoint, place: value.place))
            }
        }
        let words = FileTail.Start.allCases.map(\.rawValue)
        let word = fields["from"].flatMap { self.values.choice($0, what: "'from' of \(what)", of: words) }
        let tail = FileTail(
            path,
            checkpoint: checkpoint,
            from: word.flatMap(FileTail.Start.init) ?? .beginning,
            notice: { Output.error("penstock: \($0)\n") }
        )
        return .own(OwnSource(tail))
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package import Penstock

/// Why a pipeline cannot start, and because of which of its parts.
package struct PipelineProblem: Error {
    /// A part of a pipeline that is opened.
    package enum Part: Hashable, Sendable {
        case source(String)
        case sink(String)
        case deadLetter
        case queue
    }

    /// Whose fault it is; nil where it is that of the whole.
    package let part: Part?
    /// What is wrong, as ``Pipeline/run()`` throws it.
    package let error: PenstockError

    init(_ part: Part?, _ error: PenstockError) {
        self.part = part
        self.error = error
    }

    /// What may be done about it, in words for people; nil where nobody knows.
    package var hint: String? {
        var cause = self.error.underlyingError
        while let known = cause as? PenstockError { cause = known.underlyingError }
        return (cause as? any HintedError)?.hint
    }

    /// What is wrong, as the rest of a sentence that begins with the part: `cannot be opened: it is in use`.
    package var predicate: String {
        let subject =
            switch self.part {
            case .source(let name): "The source \"\(name)\" "
            case .sink(let name): "The sink \"\(name)\" "
            case .deadLetter: "The dead-letter sink "
            case .queue: "The durable queue "
            case nil: ""
            }
        let message = self.error.message
        let sentence = message.hasPrefix(subject) ? message.dropFirst(subject.count) : message[...]
        return String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence)
    }
}

/// An error that knows what may be done about it.
package protocol HintedError: Error {
    /// What, in words for people; nil where it does not know after all.
    var hint: String? { get }
}

/// A cause in words, with what may be done about it.
struct HintedCause: HintedError, CustomStringConvertible {
    let description: String
    let hint: String?

    init(_ description: String, hint: String) {
        self.description = description
        self.hint = hint
    }
}

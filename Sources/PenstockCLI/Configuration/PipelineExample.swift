//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// An example under `tests`: events, and what is to become of them.
struct PipelineExample: Sendable {
    /// What one sink is to get.
    struct Expectation: Sendable {
        var sink: String
        /// The events, or rows, each with its place in the file.
        var events: [(value: JSONValue, place: Place)]
        var place: Place
    }

    /// What is to be said of the events that become dead letters.
    enum Letters: Sendable {
        /// There are so many.
        case count(Int)
        /// There is one for each of these parts of reasons.
        case reasons([String])
    }

    var name: String
    var place: Place
    /// The lines that a source would hand over.
    var input: [String] = []
    var expectations: [Expectation] = []
    /// No event may become a dead letter unless this says so.
    var letters = Letters.count(0)
}

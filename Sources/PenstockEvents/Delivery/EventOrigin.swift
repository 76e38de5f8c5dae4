//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Where an event came from: enough to tell it from every other event, also those of earlier runs.
public struct EventOrigin: Sendable, Hashable {
    /// The name of the source, as the pipeline gives it; for the row of an aggregate, `aggregate`.
    public var source: String
    /// Tells one stream of positions of a source from its others: a number that each run draws anew, unless the source
    /// gives one of its own because its positions mean the same after a restart.
    public var session: UInt64
    /// A line, from 1, or whatever else the source counts.
    public var position: UInt64

    /// Creates an origin.
    ///
    /// - Parameters:
    ///   - source: The name of the source.
    ///   - session: Which stream of the source's positions.
    ///   - position: The place in that stream.
    public init(source: String, session: UInt64, position: UInt64) {
        self.source = source
        self.session = session
        self.position = position
    }
}

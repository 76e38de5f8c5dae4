//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
/// What the server, or the connection to it, has answered.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What it means for who asked.
    enum Kind: Sendable, Equatable {
        /// The connection is of no use any more.
        case disconnected
        /// The server took too long.
        case timedOut
        /// The data are wrong, and will be at the next attempt: classes 22 and 23 of the standard's codes.
        case data
        /// Anything else that the server says.
        case refused
    }

    let kind: Kind
    /// The code of five characters, as the SQL standard and the server's manual list them; nil when there is none.
    public let sqlState: String?
    /// The server's words.
    public let description: String

    init(_ kind: Kind, sqlState: String? = nil, _ description: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.description = description
    }

    /// An answer of the server.
    init(sqlState: String?, message: String) {
        let ends = ["57P01", "57P02", "57P03", "08"].contains { sqlState?.hasPrefix($0) == true }
        let isData = ["22", "23"].contains { sqlState?.hasPrefix($0) == true }
        self.init(ends ? .disconnected : isData ? .data : .refused, sqlState: sqlState, message)
    }

    /// Whether the connection it came from must not be used again.
    var breaksConnection: Bool { self.kind == .disconnected || self.kind == .timedOut }
}
#endif

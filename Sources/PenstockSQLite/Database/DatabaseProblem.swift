//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import GRDB

/// What SQLite says, for people.
struct DatabaseProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension DatabaseError {
    /// Whether there is no room now, or the disk or another program is in the way: it may be tried again.
    var isPassing: Bool {
        switch self.resultCode {
        case .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_CANTOPEN: true
        default: false
        }
    }

    /// What has gone wrong, as the end of a sentence.
    var reason: String {
        switch self.resultCode {
        case .SQLITE_FULL: "the disk is full"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "another program has locked it"
        case .SQLITE_NOTADB: "the file is no SQLite database"
        case .SQLITE_CORRUPT: "the database is damaged"
        case .SQLITE_READONLY: "it cannot be written"
        default: "\(self.message ?? "SQLite gives no reason") (SQLite error \(self.extendedResultCode.rawValue))"
        }
    }
}

/// What has gone wrong, as the end of a sentence.
func reason(of error: any Error) -> String {
    switch error {
    case let error as DatabaseError: error.reason
    default: "\(error)"
    }
}
#endif

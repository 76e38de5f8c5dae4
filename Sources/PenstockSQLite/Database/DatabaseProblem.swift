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
import PenstockEvents

/// What SQLite says, for people.
struct DatabaseProblem: HintedError, CustomStringConvertible {
    let description: String
    /// What may be done about it.
    let hint: String?

    init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }

    /// What an error comes to.
    ///
    /// - Parameters:
    ///   - error: The error.
    ///   - path: The database.
    ///   - loss: What is lost with the file, as a sentence's end.
    init(_ error: any Error, at path: String, loss: String) {
        if let known = error as? DatabaseProblem {
            self = known
        } else {
            self.init(reason(of: error), hint: isDamage(error) ? Self.moveAside(path, loss: loss) : nil)
        }
    }

    /// What to do about a damaged file: nobody but its user can know whether what it holds may be done without.
    static func moveAside(_ path: String, loss: String) -> String {
        "move \"\(path)\" and the files \"\(path)-*\" aside, and a new one is made; \(loss), of which "
            + "'sqlite3 FILE .recover' may still read some"
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

/// Whether what is in the file is broken, so that to try again helps nobody.
private func isDamage(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
}
#endif

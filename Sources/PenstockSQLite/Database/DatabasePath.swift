//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Penstock

/// Paths that SQLite does not take for those of files.
///
/// `:memory:` and addresses that begin with `file:` may name a database that is in memory only, and an empty path names one
/// that is gone when it is closed: what was written there is lost with the process, whatever was promised.
package enum DatabasePath {
    /// Why a path cannot be used, as the end of a sentence; nil when it can.
    package static func problem(of path: String) -> String? {
        if path.isEmpty { return "SQLite keeps a database without a path until it is closed only" }
        guard path.hasPrefix(":") || path.hasPrefix("file:") else { return nil }
        return "SQLite does not take it for the path of a file, and may keep the database in memory only"
    }

    /// Refuses a path that is no file's.
    static func refuse(_ path: String) throws(PenstockError) {
        guard let problem = Self.problem(of: path) else { return }
        let hint = path.isEmpty ? "" : "; write \"./\(path)\" for a file of that name"
        throw PenstockError(.invalidConfiguration, "\(problem)\(hint)")
    }
}
#endif

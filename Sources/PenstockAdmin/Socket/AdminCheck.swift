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

/// Looks at what a configuration names, one thing at a time, so that each fault can be shown where it stands.
package enum AdminCheck {
    /// Why there can be no socket of a path, as a sentence; nil when there can.
    package static func problem(ofSocketPath path: String) -> String? { AdminSocket.problem(ofPath: path)?.message }

    /// Whether somebody serves on a socket; a process that was killed leaves one that nobody does.
    package static func isServed(socket path: String) -> Bool { AdminSocket.isServed(path) }

    /// Why nobody can serve on a socket now, as a sentence; nil when somebody can, as far as a look tells.
    ///
    /// Changes nothing.
    package static func problem(ofSocket path: String) -> String? {
        (AdminSocket.problem(ofPath: path) ?? AdminSocket.problem(ofFolder: path) ?? AdminSocket.problem(at: path))?
            .message
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOSSL
import Penstock
package import PenstockEvents

/// Looks at what a configuration names, one thing at a time, so that each fault can be shown where it stands.
package enum HTTPCheck {
    /// Why a file holds no token, as a sentence; nil when it does.
    package static func problem(ofToken path: String) -> String? {
        Self.problem { () throws(PenstockError) in _ = try SecretToken.load(path) }
    }

    /// Why a certificate cannot be used, as a sentence; nil when it can.
    package static func problem(of tls: HTTPSourceConfiguration.TLS) -> String? {
        Self.problem { () throws(PenstockError) in _ = try ServerTLS.context(tls) }
    }

    /// Why nobody can listen on an address now, as a sentence; nil when somebody can.
    package static func problem(of listen: ListenAddress) -> String? { listen.problem?.message }

    /// Why a file holds no certificates that a server's could come from, as a sentence; nil when it does.
    package static func problem(ofAuthorities path: String) -> String? {
        Self.problem { () throws(PenstockError) in _ = try ServerTLS.authorities(path) }
    }

    private static func problem(_ body: () throws(PenstockError) -> Void) -> String? {
        do throws(PenstockError) {
            try body()
            return nil
        } catch {
            return error.message
        }
    }
}
#endif

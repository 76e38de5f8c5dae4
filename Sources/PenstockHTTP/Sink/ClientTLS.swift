//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
package import NIOSSL
package import Penstock

/// What a client wants of a server's certificate.
package enum ClientTLS {
    /// What connections are made with.
    ///
    /// - Parameter authorities: The file, in PEM, of the certificates that the server's must come from; nil for those that the
    ///   system trusts.
    /// - Throws: `invalidConfiguration`, with what is wrong with the file.
    package static func configuration(authorities: String?) throws(PenstockError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .certificates(try ServerTLS.authorities(authorities)) }
        return configuration
    }

    /// Why a server's certificate was not trusted, if that is what an error says.
    package static func distrust(_ error: any Error) -> String? {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "it is for another name or address"
        }
        guard case .some(.handshakeFailed(let reason)) = error as? NIOSSLError,
            "\(reason)".contains("CERTIFICATE_VERIFY_FAILED")
        else { return nil }
        return "nobody who is trusted vouches for it, or its time is over"
    }
}
#endif

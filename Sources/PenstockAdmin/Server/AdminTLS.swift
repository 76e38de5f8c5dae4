//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import HummingbirdTLS
import Penstock
import PenstockHTTP

/// Reads certificates.
enum AdminTLS {
    /// What the server offers, with a certificate and its key read from their files.
    ///
    /// - Throws: `invalidConfiguration`, with what is wrong.
    static func configuration(_ files: HTTPSourceConfiguration.TLS) throws(PenstockError) -> TLSConfiguration {
        if let problem = HTTPCheck.problem(of: files) { throw PenstockError(.invalidConfiguration, problem) }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return configuration
        } catch {
            let text = "The certificate \"\(files.certificate)\" cannot be used: \(error)."
            throw PenstockError(.invalidConfiguration, text, underlyingError: error)
        }
    }
}
#endif

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

/// Certificates, ready to be used.
enum ServerTLS {
    /// Reads the certificates that a server's must come from.
    ///
    /// - Throws: `invalidConfiguration`, with what is wrong.
    static func authorities(_ path: String) throws(PenstockError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw Self.problem("The certificates \"\(path)\"", error)
        }
    }

    /// Reads a certificate and its key.
    ///
    /// - Throws: `invalidConfiguration`, with what is wrong.
    static func context(_ files: HTTPSourceConfiguration.TLS) throws(PenstockError) -> NIOSSLContext {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
        } catch {
            throw Self.problem("The certificate \"\(files.certificate)\"", error)
        }
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw Self.problem("The private key \"\(files.key)\"", error)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.problem("The certificate \"\(files.certificate)\" with the key \"\(files.key)\"", error)
        }
    }

    private static func problem(_ what: String, _ error: any Error) -> PenstockError {
        PenstockError(.invalidConfiguration, "\(what) cannot be used: \(error).", underlyingError: error)
    }
}
#endif

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

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Certificates, ready to be used.
enum ServerTLS {
    /// Reads the certificates that a server's must come from.
    ///
    /// - Throws: `invalidConfiguration`, with what is wrong.
    static func authorities(_ path: String) throws(PenstockError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw Self.problem("The certificates \"\(path)\"", error, in: path)
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
            throw Self.problem("The certificate \"\(files.certificate)\"", error, in: files.certificate)
        }
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw Self.problem("The private key \"\(files.key)\"", error, inKey: files.key)
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
            let what = "The certificate \"\(files.certificate)\" with the key \"\(files.key)\""
            // The key by itself could be loaded.
            let isOther = if case .some(.failedToLoadPrivateKey) = error as? NIOSSLError { true } else { false }
            throw Self.problem(what, error, isOther ? "the key is not that of the certificate" : "\(error)")
        }
    }

    /// What is wrong with a file of certificates.
    private static func problem(_ what: String, _ error: any Error, in path: String) -> PenstockError {
        Self.problem(what, error, Self.whyUnreadable(path) ?? "there is no certificate in it, or none in PEM")
    }

    /// What is wrong with a file of a private key.
    private static func problem(_ what: String, _ error: any Error, inKey path: String) -> PenstockError {
        let reason = "there is no private key in it, or none in PEM without a passphrase"
        return Self.problem(what, error, Self.whyUnreadable(path) ?? reason)
    }

    /// Why a file cannot be read; nil when it can.
    private static func whyUnreadable(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return String(cString: strerror(errno)) }
        defer { fclose(file) }
        // A folder can be opened, and not read.
        return getc(file) == EOF && ferror(file) != 0 ? String(cString: strerror(errno)) : nil
    }

    private static func problem(_ what: String, _ error: any Error, _ reason: String) -> PenstockError {
        PenstockError(.invalidConfiguration, "\(what) cannot be used: \(reason).", underlyingError: error)
    }
}
#endif

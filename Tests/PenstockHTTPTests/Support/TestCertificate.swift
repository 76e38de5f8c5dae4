//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Foundation

/// A certificate for this machine alone that vouches for itself, with its key, in files.
///
/// It was made for these tests (`openssl req -x509 …`), is in the open, and good for nothing else.
struct TestCertificate {
    let folder: String

    var certificate: String { self.folder + "/cert.pem" }
    var key: String { self.folder + "/key.pem" }
    var token: String { self.folder + "/token" }

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder.path
        try Self.certificateText.write(toFile: self.certificate, atomically: false, encoding: .utf8)
        try Self.keyText.write(toFile: self.key, atomically: false, encoding: .utf8)
        try "open-sesame\n".write(toFile: self.token, atomically: false, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.folder) }

    private static let certificateText = """
        -----BEGIN CERTIFICATE-----
        MIIBozCCAUmgAwIBAgIUBcz96Crf0PihlZi7TcfSi3n+Ld8wCgYIKoZIzj0EAwIw
        GDEWMBQGA1UEAwwNcGVuc3RvY2sgdGVzdDAgFw0yNjExMjUyMzM2NDhaGA8yMTI2
        MTEwMTIzMzY0OFowGDEWMBQGA1UEAwwNcGVuc3RvY2sgdGVzdDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABPmcyp7xVMpLfLbJwcThHZAhTtnu0pSilvuBwAQfEkvz
        qPAx/ZSLax6Lte2QdjqilrqV6z+3TJFYM/3x/yeAScKjbzBtMB0GA1UdDgQWBBRm
        5sSWDd7WnVvhTuQ/xyTrdxsoezAfBgNVHSMEGDAWgBRm5sSWDd7WnVvhTuQ/xyTr
        dxsoezAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAA
        ATAKBggqhkjOPQQDAgNIADBFAiAdhaXgmP/m6QKS8gavOFBWyvQsUmtqMRhtOEGM
        GCctbAIhAPdR1vC2PK7L0QI+6lFzCJUrU7WJtES/+IyEkFXlRPtG
        -----END CERTIFICATE-----

        """

    private static let keyText = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgERuN3FuQIsLF2xqp
        CcjoNrUEIz3HbnNioGmwtppABjKhRANCAAT5nMqe8VTKS3y2ycHE4R2QIU7Z7tKU
        opb7gcAEHxJL86jwMf2Ui2sei7XtkHY6opa6les/t0yRWDP98f8ngEnC
        -----END PRIVATE KEY-----

        """
}
#endif

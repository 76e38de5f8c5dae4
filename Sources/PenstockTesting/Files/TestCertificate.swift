//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A certificate for this machine alone that vouches for itself, with its key and a token, in files of a test's own.
///
/// It was made for tests (`openssl req -x509 …`), is in the open, and good for nothing else.
package struct TestCertificate: Sendable {
    /// Where the files are; gone with the last copy of the value.
    package let folder = TemporaryFolder()

    /// The path of the certificate.
    package var certificate: String { self.folder["cert.pem"] }
    /// The path of its key.
    package var key: String { self.folder["key.pem"] }
    /// The path of a token.
    package var token: String { self.folder["token"] }

    /// Writes the files.
    package init() {
        self.folder.write(Self.certificateText, to: "cert.pem")
        self.folder.write(Self.keyText, to: "key.pem")
        self.folder.write("open-sesame\n", to: "token")
    }

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

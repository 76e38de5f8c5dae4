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
import PenstockHTTP
import PenstockTesting
import Testing

@testable import PenstockAdmin

@Suite("An admin server whose certificate vouches for itself", .timeLimit(.minutes(5)))
struct AdminTLSTests {
    /// A key that belongs to nothing.
    private static let otherKey = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIN07RgzlYNTazKSuw4UFNMc4UunuIMet3jZ/9TxtfeC2oAoGCCqGSM49
        AwEHoUQDQgAEcfQu26v+N5Q+JHrAcWGRt/TY924CJnukZOlrmOnsuS3FDZI06HhA
        X5bn5QsreKjRvBviSZCx2ILtGw/FF5uHjA==
        -----END EC PRIVATE KEY-----

        """

    private static func withServer(_ body: (TestCertificate, Int, AdminServer) async throws -> Void) async throws {
        let files = TestCertificate()
        try await PenstockAdminTests.withServer { configuration in
            configuration.tls = .init(certificate: files.certificate, key: files.key)
            configuration.tokenFile = files.token
        } _: { served in
            try await body(files, try #require(served.port), served.server)
        }
    }

    @Test("Who has the token and is told whom to trust is answered", arguments: ["127.0.0.1", "localhost"])
    func trusted(host: String) async throws {
        try await Self.withServer { files, port, server in
            let target = AdminClient.Target.url("https://\(host):\(port)")
            let client = try AdminClient(target, tokenFile: files.token, authorities: files.certificate)
            #expect(try await client.get("/status").contains("\"pipeline\":\"made-up\""))
            let nameless = try AdminClient(target, authorities: files.certificate)
            let error = await #expect(throws: PenstockError.self) { try await nameless.get("/status") }
            #expect(error?.message.contains("refuses") == true, "\(error?.message ?? "")")
            var names: [String] = []
            try await client.follow { event in
                names.append(event.name)
                server.finish(nil)
                return true
            }
            #expect(names.first == "status")
        }
    }

    @Test("Who is not told is refused by the client itself, and learns of --ca")
    func distrusted() async throws {
        try await Self.withServer { files, port, _ in
            let client = try AdminClient(.url("https://127.0.0.1:\(port)"), tokenFile: files.token)
            let text = "The certificate of the server at https://127.0.0.1:\(port) is not trusted: "
            let error = await #expect(throws: PenstockError.self) { try await client.get("/status") }
            #expect(error?.code == .inputOutput && error?.message.hasPrefix(text) == true, "\(error?.message ?? "")")
            #expect(error?.message.hasSuffix("with --ca.") == true, "\(error?.message ?? "")")
            let same = await #expect(throws: PenstockError.self) { try await client.follow { _ in false } }
            #expect(same?.message == error?.message)
            let plain = try AdminClient(.url("http://127.0.0.1:\(port)"), tokenFile: files.token)
            await #expect(throws: PenstockError.self) { try await plain.get("/status") }
        }
    }

    @Test("A private key that is none, or of no use here, is told of in plain words")
    func keys() {
        let files = TestCertificate()
        files.folder.write(Self.otherKey, to: "other.pem")
        for (key, reason) in [
            (files.folder["other.pem"], "the key is not that of the certificate"),
            (files.certificate, "there is no private key in it, or none in PEM without a passphrase"),
            (files.folder["missing.pem"], "No such file or directory"),
        ] {
            let problem = HTTPCheck.problem(of: .init(certificate: files.certificate, key: key))
            #expect(problem?.hasSuffix(" cannot be used: \(reason).") == true, "\(problem ?? "none")")
        }
    }

    @Test("A file that holds no certificate is named before anything is sent")
    func files() throws {
        let files = TestCertificate()
        for (path, reason) in [
            (files.folder["missing.pem"], "No such file or directory"), (files.folder.path, "Is a directory"),
            (files.key, "there is no certificate in it, or none in PEM"),
        ] {
            let error = #expect(throws: PenstockError.self) {
                try AdminClient(.url("https://127.0.0.1:1"), authorities: path)
            }
            #expect(error?.message == "The certificates \"\(path)\" cannot be used: \(reason).")
        }
    }
}
#endif

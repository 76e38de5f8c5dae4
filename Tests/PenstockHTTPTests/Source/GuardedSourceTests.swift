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
import PenstockEvents
import PenstockHTTP
import PenstockTesting
import Testing

/// A token and TLS, from the sink of one pipeline to the source of another.
@Suite(.timeLimit(.minutes(5)))
struct GuardedSourceTests {
    private func post(
        to ingest: Ingest,
        _ change: (inout HTTPSinkConfiguration) -> Void
    ) async throws -> (report: PipelineReport, letters: [String]) {
        var configuration = HTTPSinkConfiguration(url: "https://localhost:\(ingest.port)/events")
        change(&configuration)
        let letters = CollectingSink()
        var options = SinkOptions()
        options.retry.attemptsMax = 1
        let report = try await Pipeline("client") { [options] in
            Source("in", CountedSource(["{\"a\":1}", "{\"a\":2}"], batchMax: 2))
            Sink("out", HTTPSink(configuration), options: options)
            DeadLetters(letters)
        }.run()
        #expect(report.balanced)
        return (report, letters.lines)
    }

    @Test func onlyWhoHasTheTokenAndTrustsTheCertificateComesIn() async throws {
        let files = TestCertificate()
        let sink = CollectingSink()
        _ = try await Ingest.run(
            sink,
            change: {
                $0.tls = .init(certificate: files.certificate, key: files.key)
                $0.tokenFile = files.token
                $0.acknowledgement = .delivered
            }
        ) { ingest in
            let good = try await self.post(to: ingest) {
                $0.authorities = files.certificate
                $0.tokenFile = files.token
            }
            #expect(good.report.events.delivered == 2)
            let nameless = try await self.post(to: ingest) { $0.authorities = files.certificate }
            #expect(nameless.report.events.deadLettered == 2)
            #expect(nameless.letters.first?.contains("the server answered 401") == true)
            let suspicious = try await self.post(to: ingest) { $0.tokenFile = files.token }
            #expect(suspicious.report.events.deadLettered == 2)
            #expect(suspicious.letters.first?.contains("the server gave no answer") == true)
            let port = ingest.port
            let plain = try await onThread {
                let connection = try RawConnection(to: port)
                connection.send("POST /events HTTP/1.1\r\n\r\n")
                return Answer.all(in: connection.receiveAll()).map(\.status)
            }
            #expect(plain == [])
        }
        #expect(sink.lines == ["{\"a\":1}", "{\"a\":2}"])
    }

    @Test func filesThatAreNoneAreFoundBeforeAnythingStarts() throws {
        let files = TestCertificate()
        var configuration = HTTPSourceConfiguration(listen: .loopback(port: 0))
        configuration.tls = .init(certificate: files.key, key: files.certificate)
        configuration.tokenFile = files.folder.path
        #expect(HTTPSource(configuration).check().count == 2)
        configuration.tls = .init(certificate: files.certificate, key: files.key)
        configuration.tokenFile = files.token
        #expect(HTTPSource(configuration).check().isEmpty)
    }
}
#endif

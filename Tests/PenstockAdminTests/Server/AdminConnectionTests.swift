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
import Testing

@testable import PenstockAdmin

@Suite("Connections to the admin server that nobody needs", .timeLimit(.minutes(5)))
struct AdminConnectionTests {
    @Test("However many are idle, a health check is answered, and the one idle for longest is cut off")
    func idle() async throws {
        // On a busy machine a request may take its time.
        let change: (inout AdminConfiguration) -> Void = { ($0.connectionsMax, $0.requestTime) = (8, .seconds(60)) }
        try await withServer(change: change) { (served: Served) async throws in
            let port = UInt16(try #require(served.port))
            let idle = (0..<8).map { _ in PlainConnection(port: port) }
            // Each has been let in once it was answered.
            for one in idle {
                one.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                #expect(await one.text(until: "{\"live\":true}").hasPrefix("HTTP/1.1 200 "))
            }
            let check = PlainConnection(port: port)
            check.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            #expect(await check.text().hasPrefix("HTTP/1.1 200 "))
            #expect(await idle[0].text().isEmpty, "It was cut off.")
            idle[7].send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(await idle[7].text(until: "{\"live\":true}").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("Who watches is not cut off while others are idle")
    func busy() async throws {
        let change: (inout AdminConfiguration) -> Void = { ($0.connectionsMax, $0.requestTime) = (2, .seconds(60)) }
        try await withServer(change: change) { (served: Served) async throws in
            let port = UInt16(try #require(served.port))
            let viewer = PlainConnection(port: port)
            viewer.send("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(await viewer.text(until: "event: status").hasPrefix("HTTP/1.1 200 "))
            for _ in 0..<5 {
                let one = PlainConnection(port: port)
                one.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                #expect(await one.text(until: "{\"live\":true}").hasPrefix("HTTP/1.1 200 "))
            }
            #expect(await viewer.text(until: "event: status").contains("data: "))
        }
    }

    @Test("A request that does not come in time is cut off, the first and one behind another")
    func late() async throws {
        try await withServer(change: { $0.requestTime = .seconds(4) }) { (served: Served) async throws in
            let port = UInt16(try #require(served.port))
            let silent = PlainConnection(port: port)
            #expect(await silent.text().isEmpty)
            let slow = PlainConnection(port: port)
            slow.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            #expect(await slow.text().isEmpty)
            let second = PlainConnection(port: port)
            second.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(await second.text(until: "{\"live\":true}\n").hasPrefix("HTTP/1.1 200 "))
            second.send("GET /live HT")
            #expect(await second.text().isEmpty)
        }
    }

    @Test("Only an answer is due that has a whole request")
    func requests() {
        var requests = AdminRequests()
        let first = requests.bytesCame()
        #expect(!requests.isBusy && !first, "The first is timed from the connection on.")
        requests.requestEnded()
        let second = requests.bytesCame()
        #expect(requests.isBusy && !second, "It waits for the answer to the one before.")
        let isDue = requests.answerEnded()
        #expect(isDue && !requests.isBusy, "Now its own time begins.")
        requests.requestEnded()
        let isDueAgain = requests.answerEnded()
        #expect(!isDueAgain && !requests.isBusy)
        let (third, more) = (requests.bytesCame(), requests.bytesCame())
        #expect(third && !more, "Its time runs once, however its bytes come.")
        // An answer that does not wait for the end of its request.
        let isStillDue = requests.answerEnded()
        requests.requestEnded()
        let fourth = requests.bytesCame()
        #expect(isStillDue && !requests.isBusy && fourth)
    }

    @Test("A head of nearly 16 KiB is read, whatever it is made of; a longer one is not")
    func longHead() async throws {
        try await withServer { (served: Served) async throws in
            let long = String(repeating: "x", count: 15_000)
            #expect(try await served.ask("GET", "/live", headers: ["X-Long": long]).status == 200)
            let port = UInt16(try #require(served.port))
            let longer = PlainConnection(port: port)
            longer.send("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: \(long)\(long)\r\n\r\n")
            #expect(!(await longer.text().hasPrefix("HTTP/1.1 200 ")))
        }
    }

    @Test("HEAD is answered as GET is, without the body", arguments: ["/live", "/ready", "/", "/status", "/events"])
    func head(path: String) async throws {
        try await withServer { (served: Served) async throws in
            let head = try await served.ask("HEAD", path)
            #expect(head.status == (path == "/ready" ? 503 : 200) && head.body.isEmpty)
            if path == "/live" { #expect(head.headers["content-length"] == "14") }
            #expect(try await served.ask("HEAD", "/drain").status == 405)
        }
    }
}
#endif

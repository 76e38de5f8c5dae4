//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Penstock
import PenstockEvents
import PenstockHTTP
import Testing

@testable import PenstockAdmin

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("The admin server begins, streams and ends", .timeLimit(.minutes(5)))
struct AdminServerTests {
    @Test("Who watches gets a status at once, then one after another, and the report at the end")
    func stream() async throws {
        let watched = Watched()
        let report = PipelineReport(
            pipeline: "made-up",
            seconds: 1,
            eventsPerSecond: 7,
            balanced: true,
            events: EventLedger(),
            sinks: [],
            rows: nil,
            latency: LatencyHistogram(),
            memoryPeakBytes: 1,
            exit: .drained
        )
        let text = try await withServer(watched) { (served: Served) async throws in
            let request = HTTPClientRequest(url: served.base + "/events")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            #expect(response.headers.first(name: "content-type") == "text/event-stream; charset=utf-8")
            var text = ""
            for try await part in response.body {
                text += String(buffer: part)
                // Once the first has come, the run ends.
                if text.contains("\n\n") { served.server.finish(report) }
            }
            return text
        }
        #expect(text.hasPrefix("event: status\ndata: {\"time\":"))
        #expect(text.hasSuffix("event: report\ndata: \(report.json())\n\n"))
    }

    @Test("As many watch as may, and a place that is left is free again")
    func viewers() async throws {
        let desk = AdminDesk(Watched().subject, viewersMax: 2, time: .system)
        let first = try #require(desk.join())
        _ = try #require(desk.join())
        #expect(desk.join() == nil)
        desk.leave(first)
        #expect(desk.join() != nil)
        // Nobody reads: each keeps the newest only.
        for _ in 0..<10 { desk.tick() }
        #expect(desk.viewerCount == 2)
        try await withServer(viewersMax: 0) { (served: Served) async throws in
            #expect(try await served.ask("GET", "/events").status == 503)
        }
    }

    @Test("Connections that come just when it ends do it no harm")
    func lateConnections() async throws {
        for _ in 0..<10 {
            let isOver = Locked(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await withServer { served in
                    let port = UInt16(try #require(served.port))
                    group.addTask {
                        // A few at a time, as browsers open them in advance: each is held until eight others have come.
                        var sockets: [Int32] = []
                        while !isOver.withLock({ $0 }) {
                            sockets.append(knock(at: port))
                            if sockets.count > 8 { close(sockets.removeFirst()) }
                            await Task.yield()
                        }
                        for socket in sockets { close(socket) }
                    }
                    #expect(try await served.ask("GET", "/live").status == 200)
                }
                isOver.withLock { $0 = true }
                try await group.waitForAll()
            }
        }
    }

    @Test("A server whose task is cancelled ends, though somebody watches")
    func cancelled() async throws {
        var configuration = AdminConfiguration()
        configuration.listen = .loopback(port: 0)
        let server = AdminServer(configuration, subject: Watched().subject)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await server.run() }
            let port = try #require(try await server.started())
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/events")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            // The stream is held open, and is cut off because the server ends.
            do {
                for try await _ in response.body { group.cancelAll() }
            } catch {}
            try await group.waitForAll()
        }
    }

    @Test("A real pipeline is shown, counted, told to drain, and gone with its report")
    func pipeline() async throws {
        let pipeline = Pipeline("counted") {
            Generator(rate: 10_000)
            NullSink()
        }
        var configuration = AdminConfiguration()
        configuration.listen = .loopback(port: 0)
        let server = AdminServer(configuration, pipeline: pipeline)
        let report = try await withThrowingTaskGroup(of: PipelineReport?.self) { group in
            group.addTask {
                try await server.run()
                return nil
            }
            let port = try #require(try await server.started())
            let served = Served(base: "http://127.0.0.1:\(port)", port: port, server: server)
            group.addTask {
                let report = try await pipeline.run()
                server.finish(report)
                return report
            }
            while pipeline.progress().events.accepted < 1000 { await Task.yield() }
            let metrics = try await served.ask("GET", "/metrics")
            #expect(metrics.body.contains("\npenstock_events_accepted_total{pipeline=\"counted\"} "))
            #expect(metrics.body.contains("\nprocess_cpu_seconds_total "))
            let objects = try await served.ask("GET", "/objects")
            #expect(objects.body.contains("\"pools\":{\"counted\":{\"threads\":"))
            #expect(objects.body.contains("\"counted/worker-0\":{\"state\":\""))
            #expect(objects.body.contains("\"sink out, started at PenstockEvents/PipelineRun.swift:"))
            #expect(objects.body.contains("\"tick, started at PenstockAdmin/AdminServer.swift:"), "\(objects.body)")
            #expect(metrics.body.contains("\npenstock_live_objects{kind=\"tasks\"} "))
            #expect(metrics.body.contains("\npenstock_live_objects{kind=\"workers\"} "))
            let status = try await served.ask("GET", "/status")
            #expect(status.body.contains("\"pipeline\":\"counted\",\"phase\":\"running\""))
            let resize = try await served.order("/resize?workers=3")
            #expect(resize.status == 202)
            let drain = try await served.order("/drain")
            #expect(drain.status == 202)
            var report: PipelineReport?
            while let result = try await group.next() { report = result ?? report }
            return report
        }
        #expect(report?.balanced == true && report?.exit.name == "interrupted")
    }

    @Test("A port that is taken is named")
    func takenPort() async throws {
        try await withServer { (served: Served) async throws in
            var configuration = AdminConfiguration()
            let port = try #require(served.port)
            configuration.listen = .loopback(port: port)
            let second = AdminServer(configuration, subject: Watched().subject)
            let error = await #expect(throws: PenstockError.self) { try await second.run() }
            #expect(error?.message == "Nobody can listen on 127.0.0.1:\(port): Address already in use.")
            await #expect(throws: PenstockError.self) { try await second.started() }
        }
    }

    @Test("It does not start where others would reach it without a token and TLS")
    func openDoor() async throws {
        for change: (inout AdminConfiguration) -> Void in [
            { _ in }, { $0.tokenFile = "token" }, { $0.tls = .init(certificate: "c", key: "k") },
        ] {
            var configuration = AdminConfiguration()
            configuration.listen = ListenAddress("0.0.0.0:0")
            change(&configuration)
            let server = AdminServer(configuration, subject: Watched().subject)
            let error = await #expect(throws: PenstockError.self) { try await server.run() }
            #expect(error?.code == .invalidConfiguration)
        }
    }
}

/// Opens a connection to this machine, if anybody listens there; says nothing.
private func knock(at port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    #if canImport(Darwin)
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #else
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #endif
    _ = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    return descriptor
}
#endif

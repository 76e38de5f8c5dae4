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
import PenstockTesting
import Testing

@testable import PenstockHTTP

/// What a source that listens for HTTP requests answers, over real connections.
@Suite(.timeLimit(.minutes(5)))
struct HTTPSourceTests {
    @Test func everyFormatComesThrough() async throws {
        let sink = CollectingSink()
        let (statuses, report) = try await Ingest.run(sink) { ingest in
            let gzip = "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
            var answers: [Answer] = []
            answers += try await ingest.exchange(post("a\nb\n\nc"))
            answers += try await ingest.exchange(post("d\r\n", "text/plain"))
            answers += try await ingest.exchange(post("[ {\"e\": 1},\n2 ]", "application/json"))
            answers += try await ingest.exchange(post("", "application/octet-stream"))
            let head =
                "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
            answers += try await ingest.exchange("\(head)2;x=y\r\nf\n\r\n4\r\ng\nh\n\r\n0\r\nTrailer: t\r\n\r\n")
            let port = ingest.port
            answers += try await onThread {
                let connection = try RawConnection(to: port)
                connection.send("\(gzip)Content-Length: \(Zipped.lines.count)\r\n\r\n")
                connection.send(Zipped.lines)
                // Two members, by the other name.
                let alias = gzip.replacing(": gzip", with: ": X-Gzip")
                connection.send("\(alias)Content-Length: \(2 * Zipped.lines.count)\r\n\r\n")
                connection.send(Zipped.lines + Zipped.lines)
                return connection.receive(answers: 2)
            }
            return answers.map { "\($0.status) \($0.count("accepted") ?? -1)" }
        }
        #expect(statuses == ["202 3", "202 1", "202 2", "202 0", "202 3", "202 2", "202 4"])
        #expect(
            sink.lines == [
                "a", "b", "c", "d", "{\"e\":1}", "2", "f", "g", "h", "zip", "zap", "zip", "zap", "zip", "zap",
            ]
        )
        #expect(report.events.accepted == 15)
    }

    @Test func fatesAreInTheAnswer() async throws {
        let (answer, report) = try await Ingest.run {
            $0.acknowledgement = .delivered
        } _: { ingest in
            try await ingest.exchange(post("a\nb\n")).first
        }
        #expect(answer?.status == 200)
        #expect(answer?.count("accepted") == 2)
        #expect(answer?.count("delivered") == 2)
        #expect(answer?.count("dead_lettered") == 0)
        #expect(report.events.delivered == 2)
    }

    @Test func lostEventsAreNotAcknowledged() async throws {
        struct Refusing: EventSink {
            func write(_ batch: SinkBatch) async throws -> SinkAnswer { .refused("no") }
        }
        // Without a sink for dead letters what is refused is lost.
        let (answer, _) = try await Ingest.run(Refusing()) {
            $0.acknowledgement = .delivered
        } _: { ingest in
            try await ingest.exchange(post("a\nb\n")).first
        }
        #expect(answer?.status == 503)
        #expect(answer?.count("dropped") == 2)
        #expect(answer?.head.contains("Retry-After: 1") == true)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let sink = CollectingSink()
        let (answers, _) = try await Ingest.run(sink) { ingest in
            let requests = (0..<100).map { post(String(repeating: "\($0)\n", count: $0)) }.joined()
            return try await ingest.exchange(requests, answers: 100)
        }
        #expect(answers.map(\.status) == [Int](repeating: 202, count: 100))
        #expect(answers.map { $0.count("accepted") } == (0..<100).map { $0 })
        #expect(sink.lines.count == 4950)
    }

    @Test func clientThatHasSentAllMayCloseItsHalf() async throws {
        let (answers, report) = try await Ingest.run {
            $0.acknowledgement = .delivered
        } _: { ingest in
            let port = ingest.port
            return try await onThread {
                let connection = try RawConnection(to: port)
                connection.send(post("a\n") + post("b\n"))
                connection.endOutput()
                return Answer.all(in: connection.receiveAll())
            }
        }
        #expect(answers.map(\.status) == [200, 200])
        #expect(report.events.delivered == 2)
    }

    @Test func fullQueueAnswers429AndHasTakenNothing() async throws {
        let sink = HangingSink()
        let (answers, report) = try await Ingest.run(
            sink,
            queueEventsMax: 1,
            change: { $0.wait = .seconds(2) },
            atTheEnd: { sink.release() }
        ) { ingest in
            // One event hangs in the sink, its lane takes more, and then the queue is full.
            var taken = 0
            while true {
                let answer = try #require(try await ingest.exchange(post("a\n")).first)
                if answer.status == 429 { return (taken, answer) }
                #expect(answer.status == 202)
                taken += 1
            }
        }
        #expect(answers.1.count("accepted") == 0)
        #expect(answers.1.head.contains("Retry-After: 1"))
        #expect(report.events.accepted == answers.0)
        // None if the source had not even come to it in time.
        #expect(report.events.rejected <= 1)
    }

    @Test func queueThatRefusesAnswers429AtOnce() async throws {
        let sink = HangingSink()
        let (answers, report) = try await Ingest.run(
            sink,
            queueEventsMax: 1,
            whenFull: .reject,
            change: { $0.wait = .seconds(86_400) },
            atTheEnd: { sink.release() }
        ) { ingest in
            var taken = 0
            while true {
                // A place is free again when the worker has brought the event before to the sink.
                let answer = try #require(try await ingest.exchange(post("a\nb\nc\n")).first)
                taken += answer.count("accepted") ?? 0
                if answer.status == 429, answer.count("accepted") == 0, sink.hangingCount > 0 { return (taken, answer) }
                #expect(answer.status == 202 || answer.status == 429)
            }
        }
        #expect(answers.1.head.contains("Retry-After: 1"))
        #expect(report.events.accepted == answers.0)
        #expect(report.events.rejected > 0)
    }

    @Test(arguments: [PipelineConfiguration.WhenFull.dropNewest, .dropOldest])
    func queueThatDropsIsToldOfWhenFatesAreAwaited(whenFull: PipelineConfiguration.WhenFull) async throws {
        let sink = HangingSink()
        let (statuses, report) = try await Ingest.run(
            sink,
            queueEventsMax: 1,
            whenFull: whenFull,
            change: { $0.acknowledgement = .delivered },
            atTheEnd: { sink.release() }
        ) { ingest in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { try await ingest.exchange(post("a\n")).first?.status } }
                // Those that were dropped hear at once; the others when the sink comes back.
                while ingest.pipeline.progress().events.accepted < 20 { await Task.yield() }
                sink.release()
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 }, "\(statuses)")
        #expect(report.events.dropped["queue_full"] ?? 0 == statuses.count { $0 == 503 })
        #expect(report.events.delivered == statuses.count { $0 == 200 })
    }

    @Test func requestsBehindOneAnotherAreRefusedInTime() async throws {
        let sink = HangingSink()
        let (statuses, _) = try await Ingest.run(
            sink,
            queueEventsMax: 1,
            change: { $0.wait = .seconds(2) },
            atTheEnd: { sink.release() }
        ) { ingest in
            while try await ingest.exchange(post("a\n")).first?.status == 202 {}
            return try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { try await ingest.exchange(post("a\n")).first?.status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        // A place or two may have been left: the first 429 may have come because the machine was busy.
        #expect(statuses.allSatisfy { $0 == 429 || $0 == 202 }, "\(statuses)")
        #expect(statuses.count { $0 == 429 } >= 17, "\(statuses)")
    }

    @Test func drainAnswersWhatWasTakenAndRefusesTheRest() async throws {
        let sink = HangingSink()
        let (answers, report) = try await Ingest.run(sink) {
            $0.acknowledgement = .delivered
        } _: { ingest in
            async let taken = ingest.exchange(post("a\n"))
            try await until { sink.hangingCount > 0 }
            let port = ingest.port
            let idle = try await onThread { try RawConnection(to: port) }
            let half = try await onThread {
                let connection = try RawConnection(to: port)
                connection.send(String(post("b\n").dropLast(1)))
                return connection
            }
            // The server has seen both when it has answered a request that came later.
            _ = try await ingest.exchange("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
            ingest.pipeline.drain(deadline: .seconds(30))
            let refused = try await onThread { half.receive(answers: 1) }
            let silent = try await onThread { idle.receiveAll() }
            sink.release()
            return (try await taken, refused, silent)
        }
        #expect(answers.0.map(\.status) == [200])
        #expect(answers.0.first?.head.contains("Connection: close") == true)
        #expect(answers.1.map(\.status) == [503])
        #expect(answers.1.first?.head.contains("Retry-After: 1") == true)
        #expect(answers.2 == [])
        #expect(report.events.delivered == 1)
    }

    @Test func fatesThatDoNotComeInTimeAre504() async throws {
        let sink = HangingSink()
        let (answer, report) = try await Ingest.run(
            sink,
            change: {
                $0.acknowledgement = .delivered
                $0.answerTime = .milliseconds(100)
            },
            atTheEnd: { sink.release() }
        ) { ingest in
            try await ingest.exchange(post("a\n")).first
        }
        #expect(answer?.status == 504)
        #expect(answer?.count("accepted") == 1)
        #expect(report.events.delivered == 1)
    }

    /// The first event found its place in time and the second never does: nobody can say what becomes of them.
    @Test func requestThatIsNotTakenWholeInTimeIs504() async throws {
        let sink = HangingSink()
        let (answer, _) = try await Ingest.run(
            sink,
            queueEventsMax: 1,
            change: {
                $0.wait = .seconds(20)
                $0.answerTime = .milliseconds(100)
            },
            atTheEnd: { sink.release() }
        ) { ingest in
            try await ingest.exchange(post(String(repeating: "a\n", count: 50))).first
        }
        #expect(answer?.status == 504)
        #expect(answer?.count("accepted") == nil)
    }

    @Test func whatOthersReachNeedsTokenAndTLS() async throws {
        var configuration = HTTPSourceConfiguration(listen: try #require(ListenAddress("0.0.0.0:0")))
        #expect(HTTPSource(configuration).check().count == 1)
        await #expect(throws: PenstockError.self) { try await HTTPSource(configuration).open() }
        configuration.tokenFile = "/nowhere/token"
        await #expect(throws: PenstockError.self) { try await HTTPSource(configuration).open() }
    }

    @Test func takenAddressStopsARunBeforeItStarts() async throws {
        let server = try SilentServer()
        let sink = CollectingSink()
        let source = HTTPSource(HTTPSourceConfiguration(listen: .loopback(port: server.port)))
        #expect(source.check().map(\.code) == [.inputOutput])
        let pipeline = Pipeline("test") {
            Source("in", source)
            Sink("out", sink)
        }
        let error = await #expect(throws: PenstockError.self) { try await pipeline.run() }
        #expect(
            error?.message
                == "The source \"in\" cannot start: Nobody can listen on 127.0.0.1:\(server.port): Address already in use."
        )
        #expect(sink.isClosed)
    }
}
#endif

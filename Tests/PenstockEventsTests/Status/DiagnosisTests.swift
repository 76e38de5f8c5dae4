//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import Testing

@testable import PenstockEvents

@Suite("Diagnoses in words") struct DiagnosisTests {
    /// A status of a pipeline that runs, and what it is to say.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout PipelineStatus) -> Void
        var texts: [String]
    }

    private static func status(_ change: (inout PipelineStatus) -> Void) -> PipelineStatus {
        var snapshot = PipelineSnapshot(pipeline: "p")
        snapshot.phase = .running
        snapshot.sinks = [SinkSnapshot(name: "pg", type: "postgres"), SinkSnapshot(name: "file", type: "file")]
        var status = PipelineStatus(snapshot, time: 0)
        status.window = .seconds(5)
        status.recentFates = 1000
        change(&status)
        return status
    }

    private static let cases = [
        Case(testDescription: "nothing", change: { _ in }, texts: []),
        Case(
            testDescription: "a sink that workers wait for",
            change: { status in
                status.sinks[0].waitShare = 0.914
                status.sinks[1].waitShare = 0.3
                status.shares.busy = 0.95
            },
            texts: ["sink `pg` is the bottleneck: workers spend 91 % of their time waiting for it"]
        ),
        Case(
            testDescription: "a full queue",
            change: { $0.heldShare = 0.4 },
            texts: ["producers held 40 % of the time: queue full"]
        ),
        Case(
            testDescription: "busy workers",
            change: { $0.shares.busy = 0.97 },
            texts: [
                "workers are busy 97 % of the time: the steps are the bottleneck, and more workers help while cores are free"
            ]
        ),
        Case(
            testDescription: "idle workers",
            change: { $0.shares.idle = 0.95 },
            texts: ["workers are idle 95 % of the time: they wait for the sources"]
        ),
        Case(
            testDescription: "idle workers, while events wait for the sources' queue",
            change: { status in
                status.shares.idle = 1
                status.now.events.waiting = 3
            },
            texts: []
        ),
        Case(
            testDescription: "a full durable queue: the workers do not wait for the sources",
            change: { status in
                status.shares.idle = 1
                status.now.store = StoreSnapshot()
                status.now.store?.isFull = true
                status.now.store?.whenFull = .reject
            },
            texts: ["the durable queue is full: events are refused"]
        ),
        Case(
            testDescription: "a durable queue on a full disk",
            change: { status in
                status.shares.idle = 1
                status.now.store = StoreSnapshot()
                status.now.store?.failure = "No space left on device"
            },
            texts: ["the durable queue cannot write: No space left on device"]
        ),
        Case(
            testDescription: "a failing sink, before what matters less",
            change: { status in
                status.heldShare = 0.5
                status.sinks[0].now.lastError = "connection refused"
                status.sinks[0].recentFailures = 12
            },
            texts: [
                "sink `pg` fails: connection refused (12 writes within the last 5 s)",
                "producers held 50 % of the time: queue full",
            ]
        ),
        Case(
            testDescription: "a key that has a fifth of the events and twice its part",
            change: { $0.now.hotKey = HotKey(text: "PushEvent", share: 0.218, keys: 12) },
            texts: ["one key is 22 % of events: `PushEvent`"]
        ),
        Case(
            testDescription: "a key with less than a fifth",
            change: { $0.now.hotKey = HotKey(text: "a", share: 0.19, keys: 32) },
            texts: []
        ),
        Case(
            testDescription: "one of five keys, with less than twice its part",
            change: { $0.now.hotKey = HotKey(text: "a", share: 0.39, keys: 5) },
            texts: []
        ),
        Case(
            testDescription: "one of three keys: there is little to spread",
            change: { $0.now.hotKey = HotKey(text: "a", share: 0.9, keys: 3) },
            texts: []
        ),
        Case(
            testDescription: "paused: that nothing moves is no bottleneck",
            change: { status in
                status.now.phase = .paused
                status.heldShare = 1
                status.shares.idle = 1
            },
            texts: ["paused: workers take nothing from the queue"]
        ),
        Case(
            testDescription: "draining",
            change: { status in
                status.now.phase = .draining
                status.now.events.inFlight = 12_345
            },
            texts: ["draining: 12,345 events are still to be finished"]
        ),
        Case(
            testDescription: "a ledger that does not balance",
            change: { $0.now.isBalanced = false },
            texts: ["the ledger does not balance: events are not accounted for"]
        ),
        Case(
            testDescription: "dead letters and losses",
            change: { status in
                status.recentLetters = 3
                status.recentDrops = ["queue_full": 2, "abandoned": 1]
            },
            texts: [
                "1 event dropped within the last 5 s: abandoned", "2 events dropped within the last 5 s: queue_full",
                "3 dead letters within the last 5 s, less than 1 % of what ended",
            ]
        ),
    ]

    @Test("Each says what it is to say, what matters most first", arguments: cases)
    func texts(each: Case) {
        #expect(Self.status(each.change).diagnoses.map(\.text) == each.texts)
    }

    @Test("A durable queue that is full or cannot write is not ready, and says so")
    func durable() {
        var status = Self.status { status in
            status.sources = [PipelineStatus.Source(SourceSnapshot(name: "in", type: "http"))]
            status.now.store = StoreSnapshot()
        }
        #expect(status.reasonsNotReady == [])
        status.now.store?.isFull = true
        #expect(status.reasonsNotReady == ["the durable queue is full"])
        #expect(status.json().contains(#""full":true,"when_full":"wait"}"#))
        status.now.store?.failure = "No space left on device"
        #expect(
            status.reasonsNotReady == [
                "the durable queue cannot write: No space left on device", "the durable queue is full",
            ]
        )
        #expect(status.json().contains(#""failure":"No space left on device"}"#))
        status.sources = [PipelineStatus.Source(SourceSnapshot(name: "in", type: "file"))]
        status.now.store?.failure = nil
        #expect(status.reasonsNotReady == [], "A file waits, and nobody sends.")
    }

    @Test("The JSON is one object on one line, whatever names say")
    func json() {
        var status = Self.status { $0.sinks[0].now.lastError = "a \"quoted\"\nline" }
        status.now.pipeline = "na\"me"
        status.now.hotKey = HotKey(text: "<\"k\">", share: 0.21819, keys: 32)
        let text = status.json()
        #expect(!text.contains("\n"))
        #expect(text.contains("\"pipeline\":\"na\\\"me\""))
        #expect(text.contains(#""last_error":"a \"quoted\"\nline""#))
        #expect(text.contains(#""hot_key":{"key":"<\"k\">","share":0.2182,"keys":32}"#))
        #expect(text.hasPrefix("{\"time\":\"1970-01-01T00:00:00.000Z\""))
    }
}

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

/// What the admin server knows: the last seconds, who watches, and how the run has ended.
final class AdminDesk: Sendable {
    /// Somebody who watches: gets a status a second.
    struct Viewer: Sendable {
        let number: Int
        /// Holds the newest ones only: who reads slowly misses some.
        let statuses: Channel<String>
    }

    private struct State {
        var window = StatusWindow()
        var viewers: [Int: Channel<String>] = [:]
        var viewersSoFar = 0
        /// The report, as JSON.
        var report: String?
        var isClosed = false
    }

    private let subject: AdminSubject
    private let viewersMax: Int
    private let time: TimeSource
    private let state = Locked(State())

    init(_ subject: AdminSubject, viewersMax: Int, time: TimeSource) {
        self.subject = subject
        self.viewersMax = viewersMax
        self.time = time
    }

    /// How many watch.
    var viewerCount: Int { self.state.withLock { $0.viewers.count } }

    /// The report, as JSON, once the run has ended.
    var report: String? { self.state.withLock { $0.report } }

    /// The status now.
    func status() -> PipelineStatus {
        let snapshot = self.subject.snapshot()
        let (now, clock) = (self.time.now(), systemWallClock())
        return self.state.withLock { $0.window.status(snapshot, at: now, time: clock) }
    }

    /// Looks, remembers, and tells who watches; called once a second.
    func tick() {
        let snapshot = self.subject.snapshot()
        let (now, clock) = (self.time.now(), systemWallClock())
        let (status, viewers) = self.state.withLock { state in
            state.window.add(snapshot, at: now)
            return (state.window.status(snapshot, at: now, time: clock), Array(state.viewers.values))
        }
        guard !viewers.isEmpty else { return }
        let text = status.json()
        for viewer in viewers {
            // The oldest one makes room for the newest.
            if case .full = viewer.trySend(text) {
                _ = viewer.tryReceive()
                _ = viewer.trySend(text)
            }
        }
    }

    /// Lets somebody watch; nil when there are as many as there may be.
    func join() -> Viewer? {
        let viewer = self.state.withLock { state -> Viewer? in
            guard state.viewers.count < self.viewersMax else { return nil }
            let statuses = Channel<String>(capacity: 2)
            if state.isClosed { statuses.finish() }
            state.viewersSoFar += 1
            state.viewers[state.viewersSoFar] = statuses
            return Viewer(number: state.viewersSoFar, statuses: statuses)
        }
        // The first one at once: an empty page for a second looks broken.
        if let viewer { _ = viewer.statuses.trySend(self.status().json()) }
        return viewer
    }

    /// Somebody has gone.
    func leave(_ viewer: Viewer) {
        self.state.withLock { $0.viewers[viewer.number] = nil }
    }

    /// Ends the streams of those who watch; they are told the report, if there is one.
    func close(report: String?) {
        self.tick()
        let viewers = self.state.withLock { state in
            state.isClosed = true
            state.report = report
            return Array(state.viewers.values)
        }
        for viewer in viewers { viewer.finish() }
    }
}
#endif

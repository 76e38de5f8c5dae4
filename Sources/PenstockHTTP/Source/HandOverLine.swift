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
import Tracing

/// A request whose body has come.
struct HandedRequest: Sendable {
    /// Its number; no other request of the source has it.
    var number: UInt64
    /// Its events.
    var lines: BodyLines
    /// When it is refused if the queue has not taken its first event, on the source's clock.
    var deadline: UInt64
    /// The trace that the client says it belongs to.
    var trace: ServiceContext?
}

/// Requests in the order in which their bodies came, until the source hands them over.
///
/// Connections put requests in, one each at most, and the source takes them out. One that waits too long can be taken back:
/// as long as it stands here nothing of it was taken.
final class HandOverLine: Sendable {
    private struct State {
        var waiting: [HandedRequest] = []
        /// How many of them, at the beginning, have left.
        var left = 0
        var isClosed = false

        mutating func next() -> HandedRequest? {
            guard self.left < self.waiting.count else { return nil }
            let request = self.waiting[self.left]
            self.waiting[self.left].lines = BodyLines()
            self.left += 1
            if self.left == self.waiting.count {
                self.waiting.removeAll(keepingCapacity: true)
                self.left = 0
            } else if self.left >= 1024 {
                self.waiting.removeFirst(self.left)
                self.left = 0
            }
            return request
        }
    }

    private let state = Locked(State())
    private let bell = Channel<Void>(capacity: 1)

    /// Puts a request behind the others.
    ///
    /// - Returns: Whether it stands there; not when it is time to stop.
    func add(_ request: HandedRequest) -> Bool {
        let isAdded = self.state.withLock { state in
            if !state.isClosed { state.waiting.append(request) }
            return !state.isClosed
        }
        // A full channel: the bell has rung and was not heard yet.
        if isAdded { _ = self.bell.trySend(()) }
        return isAdded
    }

    /// Takes a request back.
    ///
    /// - Returns: Whether it still stood there.
    func withdraw(_ number: UInt64) -> Bool {
        self.state.withLock { state in
            guard let place = state.waiting[state.left...].firstIndex(where: { $0.number == number }) else {
                return false
            }
            state.waiting.remove(at: place)
            return true
        }
    }

    /// Takes the first request out, and waits while there is none.
    ///
    /// - Returns: The request; nil when the task was cancelled.
    func next() async -> HandedRequest? {
        while !Task.isCancelled {
            if let request = self.state.withLock({ $0.next() }) { return request }
            guard (try? await self.bell.receive()) != nil else { return nil }
        }
        return nil
    }

    /// Takes no more requests.
    ///
    /// - Returns: The numbers of those that stand there.
    func close() -> [UInt64] {
        self.state.withLock { state in
            state.isClosed = true
            defer { (state.waiting, state.left) = ([], 0) }
            return state.waiting[state.left...].map(\.number)
        }
    }
}
#endif

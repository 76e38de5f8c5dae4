//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// What a double waits at that does not hear of cancellation, as who hangs in a system call does not.
final class StubbornGate: Sendable {
    private enum State {
        /// So many wait. Can transition to: `open`.
        case closed([CheckedContinuation<Void, Never>])
        /// Nobody waits any more. Final.
        case open
    }

    private let state = Locked(State.closed([]))

    /// How many wait.
    var waitingCount: Int {
        self.state.withLock { state in
            switch state {
            case .closed(let waiting): waiting.count
            case .open: 0
            }
        }
    }

    /// Waits until the gate is opened.
    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                switch state {
                case .closed(let waiting):
                    state = .closed(waiting + [continuation])
                    return false
                case .open: return true
                }
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Lets everybody pass, those to come too.
    func open() {
        let waiting = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard case .closed(let waiting) = state else { return [] }
            state = .open
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

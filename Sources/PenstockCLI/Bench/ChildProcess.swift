//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

#if canImport(Glibc)
@preconcurrency import Glibc
#elseif canImport(Musl)
@preconcurrency import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Another program, from its start to its end, which comes by itself, at a time limit or by ``stop()``.
final class ChildProcess: Sendable {
    /// How it ended.
    enum End: Equatable {
        /// By itself, with a code.
        case exited(Int32)
        /// By a signal from elsewhere.
        case signalled(Int32)
        /// It was killed: it took longer than it may.
        case late
        /// It was killed, or not even started: it was stopped.
        case stopped
    }

    /// What it left.
    struct Ended {
        var end: End
        var output: String
        var errors: String
    }

    private enum State {
        /// Can transition to: running, stopped.
        case ready
        /// Can transition to: stopped, ended.
        case running(pid_t)
        /// Killed, or never to be started. Can transition to: ended.
        case stopped
        /// Gone: its number may be another process's by now. Can transition to: none.
        case ended
    }

    /// More than a program like ours ever writes: beyond that it is read and forgotten.
    private static let outputBytesMax = 1 << 20

    private let executable: String
    private let arguments: [String]
    private let state = Locked(State.ready)

    /// - Parameters:
    ///   - executable: The program's path.
    ///   - arguments: What follows its name.
    init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// Runs the program and waits for its end; to be called once. It blocks the thread.
    ///
    /// - Parameter limit: How long it may take; then it is killed.
    /// - Throws: What the system says when it cannot be started.
    func run(limit: Duration) throws(SystemError) -> Ended {
        let output = try SystemPipe()
        let errors = try SystemPipe()
        guard let process = try self.start(output: output.writeEnd, errors: errors.writeEnd) else {
            return Ended(end: .stopped, output: "", errors: "")
        }
        output.closeWriteEnd()
        errors.closeWriteEnd()
        let deadline = TimeSource.system.now() + UInt64(max(0, limit / .nanoseconds(1)))
        var texts: [[UInt8]] = [[], []]
        let isRead = Self.read([output, errors], into: &texts, until: deadline)
        // It may have closed its outputs and go on.
        let end = self.wait(for: process, until: isRead ? deadline : 0)
        return Ended(
            end: end,
            output: String(decoding: texts[0], as: UTF8.self),
            errors: String(decoding: texts[1], as: UTF8.self)
        )
    }

    /// Kills the program; one that has not been started yet never will be.
    func stop() {
        self.state.withLock { state in
            switch state {
            case .ready: state = .stopped
            case .running(let process):
                // Under the lock: after its end the number may be another process's.
                kill(process, SIGKILL)
                state = .stopped
            case .stopped, .ended: break
            }
        }
    }

    // MARK: - Private

    /// Starts the program; nil when it was stopped before.
    private func start(output: Int32, errors: Int32) throws(SystemError) -> pid_t? {
        let result: Result<pid_t?, SystemError> = self.state.withLock { state in
            guard case .ready = state else { return .success(nil) }
            return Result { () throws(SystemError) in
                let process = try Spawn(self.executable, self.arguments).start(output: output, errors: errors)
                state = .running(process)
                return process
            }
        }
        return try result.get()
    }

    /// Reads until all have come to their end.
    ///
    /// - Returns: False when the time was over before.
    private static func read(_ pipes: [SystemPipe], into texts: inout [[UInt8]], until deadline: UInt64) -> Bool {
        var polls = pipes.map { pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while polls.contains(where: { $0.fd >= 0 }) {
            let now = TimeSource.system.now()
            guard now < deadline else { return false }
            let milliseconds = Int32(clamping: (deadline - now) / 1_000_000 + 1)
            guard poll(&polls, nfds_t(polls.count), milliseconds) > 0 else { continue }
            for index in polls.indices where polls[index].fd >= 0 && polls[index].revents != 0 {
                let count = systemRead(polls[index].fd, into: &buffer)
                if count > 0 {
                    texts[index] += buffer[..<min(count, self.outputBytesMax - texts[index].count)]
                } else if count == 0 || errno != EINTR {
                    // poll(2) looks past what is below 0.
                    polls[index].fd = -1
                }
            }
        }
        return true
    }

    /// Waits until the process is gone, and kills it when its time is over.
    private func wait(for process: pid_t, until deadline: UInt64) -> End {
        var isLate = false
        while true {
            if let end = self.reap(process) { return isLate && end == .signalled(SIGKILL) ? .late : end }
            if !isLate, TimeSource.system.now() >= deadline {
                isLate = true
                kill(process, SIGKILL)
            }
            poll(nil, 0, 1)
        }
    }

    /// How the process has ended; nil when it has not.
    private func reap(_ process: pid_t) -> End? {
        self.state.withLock { state in
            var status: Int32 = 0
            let found = waitpid(process, &status, WNOHANG)
            // Where SIGCHLD is ignored, ended processes leave no status: what it wrote has to do.
            guard found == process || (found < 0 && errno == ECHILD) else { return nil }
            defer { state = .ended }
            if case .stopped = state { return .stopped }
            // What `WIFEXITED` and its kin tell, which are macros.
            let signal = status & 0x7F
            return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
        }
    }
}

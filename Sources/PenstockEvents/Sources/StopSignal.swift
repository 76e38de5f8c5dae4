//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells sources to stop, also one that blocks until there is something to read.
final class StopSignal: Sendable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor
    private let stopped = Atomic(false)
    /// Nothing is ever put into it: only its end is waited for.
    private let ending = Channel<Void>(capacity: 1)

    /// Creates a signal that was not given yet.
    init() throws(PenstockError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PenstockError(.inputOutput, "The system has no pipe left: \(SystemError(errno)).")
        }
        self.reading = FileDescriptor(ends[0])
        self.writing = FileDescriptor(ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    /// Whether it was given.
    var isStopped: Bool { self.stopped.load(ordering: .acquiring) }

    /// Gives the signal, once and for all.
    func stop() {
        guard !self.stopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        // The byte stays in the pipe: every wait, now and later, sees it.
        while write(self.writing.number, &byte, 1) < 0, errno == EINTR {}
        self.ending.finish()
    }

    /// Waits for the signal, or until the task is cancelled.
    func wait() async {
        for await _ in self.ending {}
    }

    /// Blocks until a file has something to read, until it is time to stop, or for so many milliseconds.
    func waitToRead(_ file: FileDescriptor?, milliseconds: Int32) {
        guard !self.isStopped else { return }
        // A negative number is one that poll passes over.
        var polled = [
            pollfd(fd: file?.number ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.reading.number, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&polled, nfds_t(polled.count), milliseconds)
    }

    /// Blocks until one of several files has what is waited for, until it is time to stop, or for so many milliseconds; without
    /// an end when they are negative.
    func wait(for polled: inout [pollfd], milliseconds: Int32) {
        guard !self.isStopped else { return }
        polled.append(pollfd(fd: self.reading.number, events: Int16(POLLIN), revents: 0))
        // After an error, or a signal, nothing has happened.
        if poll(&polled, nfds_t(polled.count), milliseconds) < 0 {
            for place in polled.indices { polled[place].revents = 0 }
        }
        polled.removeLast()
    }

    /// Blocks until a file has something to read or has ended; false when it is time to stop instead.
    func waitToRead(_ file: FileDescriptor) -> Bool {
        var polled = [
            pollfd(fd: file.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.reading.number, events: Int16(POLLIN), revents: 0),
        ]
        while !self.isStopped {
            let ready = poll(&polled, nfds_t(polled.count), -1)
            if ready > 0, polled[1].revents == 0 { return true }
            // An error of poll shows again when reading.
            if ready < 0, errno != EINTR { return !self.isStopped }
        }
        return false
    }
}

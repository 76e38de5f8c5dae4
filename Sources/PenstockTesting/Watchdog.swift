//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs a test's body, and ends the process with a message when it has not returned by a limit.
///
/// A test that hangs cannot be cancelled: what hangs is what it tests. The watchdog waits on a thread of its own, so
/// that it also sees a test whose tasks hold every thread of the concurrency runtime.
///
/// - Parameters:
///   - limit: How long the body may take.
///   - name: What to say hangs: the test, with its seed.
///   - body: The test.
package func withWatchdog<Value>(
    _ limit: Duration = .seconds(120),
    _ name: String = #function,
    _ body: () async throws -> Value
) async rethrows -> Value {
    let watchdog = Watchdog(limit: limit, name: name)
    defer { watchdog.stop() }
    return try await body()
}

/// A thread that waits for a byte, and no longer than a limit.
//
// SAFETY: constant once made; the pipe's ends are used by one thread each.
private final class Watchdog: @unchecked Sendable {
    private let name: String
    private let limit: Duration
    private let ends: (read: Int32, write: Int32)

    init(limit: Duration, name: String) {
        self.name = name
        self.limit = limit
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "A watchdog needs a pipe, and the system has none left.")
        self.ends = (ends[0], ends[1])
        var thread = pthread_t(bitPattern: 0)
        let context = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(&thread, nil, watchdogMain, context)
        precondition(failure == 0, "A watchdog needs a thread (error \(failure)).")
        #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
        #else
        pthread_detach(thread)
        #endif
    }

    deinit { close(self.ends.read) }

    func stop() { close(self.ends.write) }

    fileprivate func watch() {
        var descriptor = pollfd(fd: self.ends.read, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(clamping: self.limit.components.seconds * 1_000)
        var ready = poll(&descriptor, 1, milliseconds)
        while ready < 0 { ready = poll(&descriptor, 1, milliseconds) }
        guard ready == 0 else { return }
        let message = "watchdog: \(self.name) still runs after \(self.limit)\n"
        message.utf8CString.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count - 1) }
        abort()
    }
}

#if canImport(Darwin)
private func watchdogMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Watchdog>.fromOpaque(context).takeRetainedValue().watch()
    return nil
}
#else
private func watchdogMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Watchdog>.fromOpaque(context).takeRetainedValue().watch()
    return nil
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Ends a benchmark at Ctrl-C or SIGTERM, and the process that it has started before itself.
final class InterruptWatch {
    private let queue = DispatchQueue(label: "penstock.bench.signals")
    private var signals: [any DispatchSourceSignal] = []

    /// Takes over SIGINT and SIGTERM, and returns when it has.
    init(_ children: BenchChildren, _ progress: BenchProgress) {
        let registrations = DispatchGroup()
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: self.queue)
            source.setEventHandler {
                children.stop()
                progress.erase()
                // As a shell counts it.
                exit(128 + number)
            }
            registrations.enter()
            source.setRegistrationHandler { registrations.leave() }
            source.resume()
            self.signals.append(source)
        }
        // A signal that comes before would be lost: it is ignored already.
        registrations.wait()
    }

    /// Gives the signals back; does not return after one has come.
    func stop() {
        for source in self.signals { source.cancel() }
        // Whoever finds that a run was stopped gets here while the program is being ended.
        self.queue.sync {}
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}

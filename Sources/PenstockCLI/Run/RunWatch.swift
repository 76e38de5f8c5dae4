//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CPenstock
import Dispatch
import Penstock
import PenstockEvents

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks after a run from outside: signals that end it, and the line that shows how far it is.
///
/// Everything happens on one serial queue, so that a notice never lands in the middle of the line.
final class RunWatch {
    private let queue = DispatchQueue(label: "penstock.watch")
    private let desk: RunDesk
    private let showsProgress: Bool
    private var signals: [any DispatchSourceSignal] = []
    private var timer: (any DispatchSourceTimer)?

    init(_ pipeline: Pipeline, drain: Duration, showsProgress: Bool, isQuiet: Bool) {
        self.desk = RunDesk(pipeline, drain: drain, isQuiet: isQuiet)
        self.showsProgress = showsProgress
    }

    /// Takes over SIGINT, SIGTERM and SIGHUP, and begins to show progress.
    ///
    /// Under `nohup`, which lets a run go on without its terminal, SIGHUP is left as it is: ignored.
    func start() {
        let desk = self.desk
        let registrations = DispatchGroup()
        let hangup = cpenstock_ignores(SIGHUP) == 0 ? [SIGHUP] : []
        for number in [SIGINT, SIGTERM] + hangup {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: self.queue)
            source.setEventHandler { desk.take(signals: Int(source.data)) }
            registrations.enter()
            source.setRegistrationHandler { registrations.leave() }
            source.resume()
            self.signals.append(source)
        }
        // A signal that comes before would be lost: it is ignored already, as the source needs it to be.
        registrations.wait()
        guard self.showsProgress else { return }
        let timer = DispatchSource.makeTimerSource(queue: self.queue)
        timer.schedule(deadline: .now() + .milliseconds(200), repeating: .milliseconds(200))
        timer.setEventHandler { desk.showProgress() }
        timer.resume()
        self.timer = timer
    }

    /// Erases the line and shows nothing more.
    ///
    /// Signals stay ignored: the report is about to be printed.
    func stop() {
        for source in self.signals { source.cancel() }
        self.timer?.cancel()
        let desk = self.desk
        self.queue.sync { desk.close() }
    }
}

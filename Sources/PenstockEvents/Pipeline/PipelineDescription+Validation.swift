//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineDescription {
    /// The most sinks of a pipeline.
    package static let sinksMax = RoutedEvents.sinksMax

    /// Refuses numbers that no run could work with.
    func validate() throws(PenstockError) {
        func refuse(_ message: String) -> PenstockError { PenstockError(.invalidConfiguration, message) }
        if self.sources.isEmpty { throw refuse("A pipeline needs at least one source.") }
        if self.sinks.isEmpty { throw refuse("A pipeline needs at least one sink.") }
        if self.queue.events < 1 { throw refuse("A queue holds at least 1 event, not \(self.queue.events).") }
        if self.queue.events > 100_000_000 {
            throw refuse("A queue holds at most 100,000,000 events, not \(self.queue.events).")
        }
        if self.queue.bytes < 1 { throw refuse("A queue holds at least 1 byte, not \(self.queue.bytes).") }
        if case .durable(_, let options) = self.queue.store {
            if options.bytesMax < 1 { throw refuse("A durable queue keeps at least 1 byte, not \(options.bytesMax).") }
            if self.queue.whenFull != .wait {
                let policy = self.queue.whenFull.rawValue
                throw refuse("A durable queue has a policy of its own, and \(policy) is for memory.")
            }
        }
        if let workers = self.workers, workers < 1 { throw refuse("There must be at least 1 worker, not \(workers).") }
        if !(1...1 << 30).contains(self.lineBytesMax) { throw refuse("The longest line must be from 1 byte to 1 GiB.") }
        if self.openTimeMax <= .zero { throw refuse("Sinks and sources need some time to open.") }
        if Set(self.sinks.map(\.name)).count < self.sinks.count { throw refuse("Two sinks have the same name.") }
        if Set(self.sources.map(\.name)).count < self.sources.count { throw refuse("Two sources have the same name.") }
        if self.sinks.count > RoutedEvents.sinksMax {
            throw refuse("A pipeline has at most \(RoutedEvents.sinksMax) sinks, not \(self.sinks.count).")
        }
        for sink in self.sinks {
            if let problem = sink.problem { throw refuse("The sink \"\(sink.name)\" needs \(problem).") }
        }
        for source in self.sources {
            switch source.kind {
            case .stdin, .own: break
            case .file(_, let times) where times < 1: throw refuse("A file is read at least once, not \(times) times.")
            case .file: break
            case .generate(let rate, let count):
                if let rate, !(rate > 0 && rate.isFinite) { throw refuse("A rate is more than 0 events a second.") }
                if let count, count < 0 { throw refuse("A count is at least 0, not \(count).") }
            }
        }
    }
}

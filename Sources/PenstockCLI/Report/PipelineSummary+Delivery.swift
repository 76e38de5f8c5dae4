//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

#if Server
import PenstockHTTP
#endif

// What becomes of events if the process dies: it takes a source, the queue and a sink to promise something.
extension PipelineSummary {
    /// What is promised, one sentence each.
    var delivery: [String] {
        guard case .durable = self.description.queue.store else {
            return ["in memory: events not yet delivered are lost if the process dies; a drain reports each"]
                + self.description.sources.compactMap(Self.promiseInMemory(of:))
                + self.description.sinks.compactMap { sink in self.loss(at: sink).map { "\(sink.name): \($0)" } }
        }
        return self.description.sinks.map { sink in
            self.loss(at: sink).map { "\(self.promise(of: sink)); \($0)" } ?? self.promise(of: sink)
        } + self.description.sources.compactMap(Self.repetition(of:))
    }

    /// What a sink gets of what the durable queue has accepted.
    private func promise(of sink: NamedSink) -> String {
        if sink.kind == .null { return "\(sink.name): counted, each event at least once" }
        if self.description.steps.contains(where: { if case .aggregate = $0 { true } else { false } }) {
            return "\(sink.name): at least once: after a crash the events of an open window go into another one"
        }
        if case .own(let own) = sink.kind, own.sink is any OnceSink {
            return "\(sink.name): each event once, by its id, after a crash too"
        }
        return "\(sink.name): at least once: after a crash what was not settled comes again"
    }

    /// What a sink does not get at all.
    private func loss(at sink: NamedSink) -> String? {
        switch sink.whenFull(isOnly: self.description.sinks.count == 1) {
        case .wait: nil
        case _ where sink.kind == .null: nil
        case .drop: "what finds it full is dropped"
        case .deadLetter: self.description.deadLetter == nil ? "what finds it full is dropped" : nil
        }
    }

    /// What a source makes up for where the queue is lost with the process.
    private static func promiseInMemory(of source: NamedSource) -> String? {
        guard case .own(let own) = source.kind else { return nil }
        if let tail = own.source as? FileTail, tail.checkpoint != nil {
            return "\(source.name): but what is behind its checkpoint is read again, each event at least once"
        }
        #if Server
        if let http = own.source as? HTTPSource, http.configuration.acknowledgement == .delivered {
            return "\(source.name): but its clients have had no answer for them, and can send them again"
        }
        #endif
        return nil
    }

    /// What a source sends again though the durable queue has it.
    private static func repetition(of source: NamedSource) -> String? {
        switch source.kind {
        case .file: "\(source.name): the next run reads the file from its beginning, as other events: they come again"
        case .stdin, .generate, .own: nil
        }
    }
}

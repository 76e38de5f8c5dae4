//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

extension PipelineStatus {
    /// For how long a queue may be full before nobody should send more.
    package static let fullMax = Duration.seconds(10)

    /// Sources that read as fast as they are let, to which a full queue is nothing bad.
    private static let pulling: Set<String> = ["file", "generate", "stdin"]

    /// Why nobody should send events to it now, each as a few words; empty when it is ready.
    package var reasonsNotReady: [String] {
        var reasons: [String] = []
        switch self.now.phase {
        case .starting: reasons.append("starting")
        case .paused: reasons.append("paused")
        case .stopping: reasons.append("stopping")
        case .draining: reasons.append("draining")
        case .ended: reasons.append("ended")
        case .running: break
        }
        for sink in self.sinks {
            if let error = sink.now.lastError { reasons.append("sink '\(sink.now.name)' fails: \(error)") }
        }
        if let failure = self.now.store?.failure { reasons.append("the durable queue cannot write: \(failure)") }
        let isSentTo = self.sources.contains { !Self.pulling.contains($0.now.type) }
        if isSentTo, self.fullFor >= Self.fullMax {
            reasons.append("the queue has been full for \(shortSeconds(self.fullFor))")
        }
        if isSentTo, self.now.store?.isFull == true { reasons.append("the durable queue is full") }
        return reasons
    }
}

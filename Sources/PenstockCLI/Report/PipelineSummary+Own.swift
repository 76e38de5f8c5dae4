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

// What is said of sources and sinks that are the program's own but not the engine's.
extension PipelineSummary {
    static func text(own source: any EventSource) -> String {
        if let tail = source as? FileTail {
            let start = tail.start == .end ? ", from its end" : ""
            let checkpoint = tail.checkpoint.map { "checkpoint \(shown($0))" } ?? "no checkpoint"
            return "file \(shown(tail.path)), followed\(start); \(checkpoint)"
        }
        if let tcp = source as? TCPSource {
            let configuration = tcp.configuration
            let limits = "at most \(grouped(configuration.connectionsMax)) connections"
            return "lines over tcp on \(configuration.listen), \(limits), idle for \(shown(configuration.idleTime))"
        }
        #if Server
        if let http = source as? HTTPSource {
            let configuration = http.configuration
            let scheme = configuration.tls == nil ? "http" : "https"
            let door = configuration.tokenFile == nil ? "no token" : "a token"
            let answer =
                switch configuration.acknowledgement {
                case .accepted: "answers when the queue has the events"
                case .durable: "answers when the durable queue has the events"
                case .delivered: "answers when the events have their fates"
                }
            return "\(scheme) on \(configuration.listen), POST \(shown(configuration.path)), \(door), \(answer)"
        }
        #endif
        return "a source of its own"
    }

    static func text(own sink: any EventSink) -> String {
        #if Server
        if let http = sink as? HTTPSink {
            let configuration = http.configuration
            let format = configuration.format == .ndjson ? "one event a line" : "a JSON array"
            return "POST to \(shown(configuration.url)), \(format), answer within \(shown(configuration.timeout))"
        }
        #endif
        return (sink as? any DescribedSink)?.place ?? "a sink of its own"
    }
}

extension MemoryEstimate {
    /// What clients can make the sources hold that listen for them.
    static func clientsBytes(_ description: PipelineDescription) -> Int {
        description.sources.reduce(0) { sum, source in
            guard case .own(let own) = source.kind else { return sum }
            return sum + Self.clientsBytes(own.source, lineBytesMax: description.lineBytesMax)
        }
    }

    private static func clientsBytes(_ source: any EventSource, lineBytesMax: Int) -> Int {
        if let tcp = source as? TCPSource {
            return max(tcp.configuration.memoryBytesMax, 2 * lineBytesMax)
        }
        #if Server
        if let http = source as? HTTPSource { return http.configuration.memoryBytesMax }
        #endif
        return 0
    }
}

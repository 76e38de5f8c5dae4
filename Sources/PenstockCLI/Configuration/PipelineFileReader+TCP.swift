//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

// The source of type tcp.
extension PipelineFileReader {
    private static let tcpSourceKeys = ["type", "listen", "connections", "idle_time", "unfinished"]

    mutating func tcpSource(_ value: YAMLValue, what: String, name: String) -> SourceDescription? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type tcp",
                known: Self.tcpSourceKeys,
                required: ["listen": "'listen: 127.0.0.1:7000'"]
            ), let listen = fields["listen"], let address = self.listenAddress(listen, what: what)
        else { return nil }
        guard address.isLoopback else {
            self.values.fail(
                listen.place,
                "other machines reach \(address), and \(what) of type tcp has neither a token nor TLS",
                hint: "listen on 127.0.0.1, or use type http with a token and TLS"
            )
            return nil
        }
        var configuration = TCPSourceConfiguration(listen: address)
        if let value = fields["connections"],
            let most = self.values.integer(value, what: "'connections' of \(what)", in: 1...1_000_000)
        {
            configuration.connectionsMax = most
        }
        if let time = self.time(fields, "idle_time", what: what) { configuration.idleTime = time }
        if let size = self.size(fields, "unfinished", what: what, in: 1...1 << 40) {
            configuration.unfinishedBytesMax = size
        }
        self.file.checks.append(.init(place: listen.place, what: what) { TCPCheck.problem(of: address) })
        self.refuseSecondListener(on: address, at: listen.place, what: what)
        let source = TCPSource(configuration) { Output.error("penstock: \($0)\n") }
        return .own(OwnSource(source))
    }
}

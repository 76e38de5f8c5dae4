//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import PenstockEvents
import PenstockHTTP

// The source of type http.
extension PipelineFileReader {
    private static let httpSourceKeys = [
        "type", "listen", "path", "ack", "body", "bodies", "head", "connections", "head_time", "body_time", "body_rate",
        "idle_time", "wait", "answer_time", "token_file", "tls",
    ]

    // MARK: - The source

    mutating func httpSource(_ value: YAMLValue, what: String, name: String) -> SourceDescription? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type http",
                known: Self.httpSourceKeys,
                required: ["listen": "'listen: 127.0.0.1:8080'"]
            ), let listen = fields["listen"], let address = self.listenAddress(listen, what: what)
        else { return nil }
        var configuration = HTTPSourceConfiguration(listen: address)
        if let value = fields["path"] { self.readPath(value, what: what, &configuration) }
        if let value = fields["ack"] { self.readAcknowledgement(value, what: what, &configuration) }
        self.readSizes(fields, what: what, &configuration)
        self.readTimes(fields, what: what, &configuration)
        if let value = fields["connections"],
            let most = self.values.integer(value, what: "'connections' of \(what)", in: 1...1_000_000)
        {
            configuration.connectionsMax = most
        }
        configuration.tokenFile = fields["token_file"].flatMap {
            self.values.text($0, what: "'token_file' of \(what)")
        }
        configuration.tls = fields["tls"].flatMap { self.serverTLS($0, what: what) }
        let missing = ["token_file", "tls"].filter { fields[$0] == nil }
        self.refuseOpenDoor(listen.place, address, missing: missing, what: what)
        let source = HTTPSource(configuration)
        self.addChecks(of: configuration, fields, what: what)
        self.refuseSecondListener(on: address, at: listen.place, what: what)
        return .own(OwnSource(source))
    }

    /// Refuses `ack: durable` where no durable queue is; called when the whole file has been read.
    mutating func refuseDurableWithoutStore() {
        if self.file.asksForStore { return }
        for place in self.file.durablePlaces {
            self.values.fail(
                place,
                "'ack: durable' needs a queue with a durable store, and 'queue.store' is memory",
                hint: "add 'queue: { store: { type: sqlite, path: queue.db } }', or write 'ack: delivered'"
            )
        }
    }

    private mutating func readPath(
        _ value: YAMLValue,
        what: String,
        _ configuration: inout HTTPSourceConfiguration
    ) {
        guard let path = self.values.text(value, what: "'path' of \(what)") else { return }
        let allowed = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 }
        guard path.hasPrefix("/"), allowed else {
            self.values.fail(
                value.place,
                "'path' of \(what) cannot be '\(shown(path))'",
                hint: "a path such as /events"
            )
            return
        }
        configuration.path = path
    }

    private mutating func readAcknowledgement(
        _ value: YAMLValue,
        what: String,
        _ configuration: inout HTTPSourceConfiguration
    ) {
        let words = HTTPSourceConfiguration.Acknowledgement.allCases.map(\.rawValue)
        guard let word = self.values.choice(value, what: "'ack' of \(what)", of: words) else { return }
        configuration.acknowledgement = .init(rawValue: word) ?? .accepted
        if configuration.acknowledgement == .durable { self.file.durablePlaces.append(value.place) }
    }

    private mutating func readSizes(
        _ fields: [String: YAMLValue],
        what: String,
        _ configuration: inout HTTPSourceConfiguration
    ) {
        if let size = self.size(fields, "body", what: what, in: 1...1 << 30) { configuration.bodyBytesMax = size }
        if let size = self.size(fields, "head", what: what, in: 256...1 << 20) { configuration.headBytesMax = size }
        if let size = self.size(fields, "body_rate", what: what, in: 0...1 << 30) { configuration.bodyRateMin = size }
        if let size = self.size(fields, "bodies", what: what, in: 1...1 << 40) {
            configuration.bodiesBytesMax = size
        } else if fields["bodies"] == nil {
            configuration.bodiesBytesMax = max(configuration.bodiesBytesMax, configuration.bodyBytesMax)
        }
        if let value = fields["bodies"], configuration.bodiesBytesMax < configuration.bodyBytesMax {
            self.values.fail(
                value.place,
                "'bodies' of \(what) leaves no room for one body of \(shown(bytes: configuration.bodyBytesMax))",
                hint: "at least what 'body' is"
            )
        }
    }

    private mutating func readTimes(
        _ fields: [String: YAMLValue],
        what: String,
        _ configuration: inout HTTPSourceConfiguration
    ) {
        if let time = self.time(fields, "head_time", what: what) { configuration.headTime = time }
        if let time = self.time(fields, "body_time", what: what) { configuration.bodyTime = time }
        if let time = self.time(fields, "idle_time", what: what) { configuration.idleTime = time }
        if let time = self.time(fields, "wait", what: what) { configuration.wait = time }
        if let time = self.time(fields, "answer_time", what: what) { configuration.answerTime = time }
    }

    mutating func serverTLS(_ value: YAMLValue, what: String) -> HTTPSourceConfiguration.TLS? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "'tls' of \(what)",
                known: ["certificate", "key"],
                required: ["certificate": "'certificate: cert.pem'", "key": "'key: key.pem'"]
            )
        else { return nil }
        let certificate = fields["certificate"].flatMap {
            self.values.text($0, what: "'tls.certificate' of \(what)")
        }
        let key = fields["key"].flatMap { self.values.text($0, what: "'tls.key' of \(what)") }
        guard let certificate, let key else { return nil }
        return .init(certificate: certificate, key: key)
    }

    mutating func refuseOpenDoor(_ place: Place, _ listen: ListenAddress, missing: [String], what: String) {
        if listen.isLoopback || missing.isEmpty { return }
        self.values.fail(
            place,
            "other machines reach \(listen), and \(what) has no \(missing.joined(separator: " and no "))",
            hint: "listen on 127.0.0.1, or set both token_file and tls"
        )
    }

    /// What can be told only by looking at files and the network.
    private mutating func addChecks(
        of configuration: HTTPSourceConfiguration,
        _ fields: [String: YAMLValue],
        what: String
    ) {
        if let path = configuration.tokenFile, let place = fields["token_file"]?.place {
            self.file.checks.append(.init(place: place, what: what) { HTTPCheck.problem(ofToken: path) })
        }
        if let tls = configuration.tls, let place = fields["tls"]?.place {
            self.file.checks.append(.init(place: place, what: what) { HTTPCheck.problem(of: tls) })
        }
        if let place = fields["listen"]?.place {
            let listen = configuration.listen
            self.file.checks.append(.init(place: place, what: what) { HTTPCheck.problem(of: listen) })
        }
    }
}
#else
extension PipelineFileReader {
    /// There is nothing that could ask for a durable queue.
    mutating func refuseDurableWithoutStore() {}
}
#endif

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

// The sink of type http.
extension PipelineFileReader {
    private static let httpSinkKeys = ["type", "url", "format", "headers", "token_file", "timeout", "tls"]

    mutating func httpSink(
        _ value: YAMLValue,
        what: String,
        laneKeys: [String]
    ) -> (kind: SinkDescription, options: SinkOptions)? {
        // Not the lane of dead letters: that is one write at a time, in their order.
        let hasConcurrency = laneKeys.contains("queue")
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type http",
                known: Self.httpSinkKeys + (hasConcurrency ? ["concurrency"] : []) + laneKeys,
                required: ["url": "'url: https://example.com/events'"]
            )
        else { return nil }
        var options = self.options(fields, what: what)
        if let value = fields["concurrency"],
            let count = self.values.integer(value, what: "'concurrency' of \(what)", in: 1...1024)
        {
            options.concurrency = count
        }
        guard let place = fields["url"], let url = self.values.text(place, what: "'url' of \(what)") else { return nil }
        if let (reason, hint) = HTTPSinkConfiguration.problem(ofURL: url) {
            self.values.fail(place.place, "'url' of \(what) cannot be used: \(reason)", hint: hint)
        }
        var configuration = HTTPSinkConfiguration(url: url)
        if let value = fields["format"] {
            let words = HTTPSinkConfiguration.Format.allCases.map(\.rawValue)
            let word = self.values.choice(value, what: "'format' of \(what)", of: words)
            configuration.format = word.flatMap(HTTPSinkConfiguration.Format.init) ?? .ndjson
            // Dead letters are objects, whatever the events are.
            if configuration.format == .jsonArray, hasConcurrency, !self.known.areObjects {
                let decode = self.file.description.decode.rawValue
                self.values.fail(
                    value.place,
                    "'format: json_array' of \(what) needs JSON, and events of 'decode: \(decode)' are text",
                    hint: "write 'decode: json', or make objects of lines with a step 'parse'"
                )
            }
        }
        if let value = fields["headers"] { configuration.headers = self.headers(value, what: what) }
        if let time = self.time(fields, "timeout", what: what) { configuration.timeout = time }
        if let value = fields["token_file"], let path = self.values.text(value, what: "'token_file' of \(what)") {
            configuration.tokenFile = path
            self.file.checks.append(.init(place: value.place, what: what) { HTTPCheck.problem(ofToken: path) })
        }
        if let value = fields["tls"] { configuration.authorities = self.authorities(value, what: what) }
        return (.own(OwnSink(HTTPSink(configuration))), options)
    }

    private mutating func headers(_ value: YAMLValue, what: String) -> [(name: String, value: String)] {
        let example = "X-Origin: penstock"
        guard let entries = self.values.entries(of: value, what: "'headers' of \(what)", example: example) else {
            return []
        }
        var headers: [(name: String, value: String)] = []
        for entry in entries {
            let name = "header '\(shown(entry.key))' of \(what)"
            guard let text = self.values.text(entry.value, what: name) else { continue }
            if let problem = HTTPSinkConfiguration.problem(ofHeader: entry.key, value: text) {
                let isToken = entry.key.lowercased() == "authorization"
                let hint = isToken ? "put the token into a file, and its path into 'token_file'" : nil
                self.values.fail(entry.place, "\(name) cannot be used: \(problem)", hint: hint)
            }
            headers.append((entry.key, text))
        }
        return headers
    }

    private mutating func authorities(_ value: YAMLValue, what: String) -> String? {
        guard
            let fields = self.values.fields(
                of: value,
                what: "'tls' of \(what)",
                known: ["ca"],
                required: ["ca": "'ca: ca.pem'"]
            ), let place = fields["ca"], let path = self.values.text(place, what: "'tls.ca' of \(what)")
        else { return nil }
        self.file.checks.append(.init(place: place.place, what: what) { HTTPCheck.problem(ofAuthorities: path) })
        return path
    }
}
#endif

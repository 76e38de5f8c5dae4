//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import PenstockEvents
import PenstockPostgres

// The sink of type postgres.
extension PipelineFileReader {
    private static let postgresKeys = ["type", "connection", "password_file", "table", "timeout"]

    mutating func postgresSink(
        _ value: YAMLValue,
        what: String,
        laneKeys: [String]
    ) -> (kind: SinkDescription, options: SinkOptions)? {
        // The lane of dead letters is one write at a time, in their order.
        let concurrency = laneKeys.contains("queue") ? ["concurrency"] : []
        guard
            let fields = self.values.fields(
                of: value,
                what: "\(what) of type postgres",
                known: Self.postgresKeys + concurrency + laneKeys,
                required: [
                    "connection": "'connection: host=localhost dbname=events user=penstock'",
                    "table": "'table: events'",
                ]
            )
        else { return nil }
        var options = self.options(fields, what: what)
        if let value = fields["concurrency"],
            let count = self.values.integer(value, what: "'concurrency' of \(what)", in: 1...100)
        {
            options.concurrency = count
        }
        var timeout = Duration.seconds(30)
        if let value = fields["timeout"],
            let time = self.values.quantity(value, what: "'timeout' of \(what)", example: "30s", Quantity.duration)
        {
            if time < .milliseconds(1) {
                self.values.fail(value.place, "'timeout' of \(what) must not be 0", hint: "a time such as 30s")
            }
            timeout = max(time, .milliseconds(1))
        }
        guard let place = fields["connection"], var target = self.target(place, what: what),
            let tablePlace = fields["table"], let table = self.values.text(tablePlace, what: "'table' of \(what)")
        else { return nil }
        if let value = fields["password_file"], let path = self.values.text(value, what: "'password_file' of \(what)") {
            target.password = self.password(in: path, at: value.place, what: what)
        }
        let sink = PostgresSink(target, table: table, connections: options.concurrency, timeout: timeout)
        return (.own(OwnSink(sink)), options)
    }

    private mutating func password(in path: String, at place: Place, what: String) -> String? {
        let bytesMax = 4096
        do throws(SystemError) {
            var bytes = try FileContents.read(path, bytesMax: bytesMax)[...]
            // The line end that editors write is no part of it.
            while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
            if !bytes.isEmpty, bytes.count <= bytesMax, let text = String(validating: bytes, as: UTF8.self) {
                return text
            }
            self.values.fail(place, "'password_file' of \(what) holds no password: one line of text is wanted")
        } catch {
            self.values.fail(place, "'password_file' of \(what) cannot be read: \(error)")
        }
        return nil
    }

    private mutating func target(_ value: YAMLValue, what: String) -> PostgresTarget? {
        guard let text = self.values.text(value, what: "'connection' of \(what)") else { return nil }
        let target = PostgresTarget(text)
        if let problem = target.problem {
            self.values.fail(
                value.place,
                "'connection' of \(what) cannot be used: \(problem)",
                hint: "keywords and values as libpq takes them: host=localhost dbname=events user=penstock"
            )
            return nil
        }
        if target.namesPassword {
            self.values.fail(
                value.place,
                "'connection' of \(what) has a password in it",
                hint: "put it into a file, and its path into 'password_file'"
            )
            return nil
        }
        return target
    }
}
#endif

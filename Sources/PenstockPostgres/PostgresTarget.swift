//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import CPostgres

/// A server and a database, and who comes.
public struct PostgresTarget: Sendable {
    /// As libpq takes it: `host=db.example port=5432 dbname=events user=penstock`, or a URI that begins with `postgres://`.
    public var connection: String
    /// The password; nil leaves it to libpq, which looks into `~/.pgpass`.
    public var password: String?

    /// Creates a target; connects to nothing.
    ///
    /// - Parameters:
    ///   - connection: As libpq takes it: keywords and values, or a URI.
    ///   - password: The password; nil leaves it to libpq.
    public init(_ connection: String, password: String? = nil) {
        self.connection = connection
        self.password = password
    }

    /// What is wrong with the text, in libpq's words; nil when nothing is.
    package var problem: String? {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(self.connection, &message)
        defer {
            PQconninfoFree(options)
            PQfreemem(message)
        }
        guard options == nil else { return nil }
        return message.map { String(cString: $0).split(whereSeparator: \.isNewline).joined(separator: " ") }
            ?? "it cannot be read"
    }

    /// Whether the text has a password in it.
    package var namesPassword: Bool { self.options["password"] != nil }

    /// Where it is, for people; without the password.
    var place: String {
        let options = self.options
        let host = options["host"] ?? options["hostaddr"] ?? "the local socket"
        let port = options["port"].map { ":\($0)" } ?? ""
        return "\(options["dbname"] ?? "the default database") at \(host)\(port)"
    }

    /// Calls a closure with names and values as libpq's functions take them, each ended by a null pointer.
    func withParameters<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        // What comes first is expanded; what comes behind it goes before it. Who connects is told to the server's statistics.
        var parameters = [
            ("dbname", self.connection), ("fallback_application_name", "penstock"), ("client_encoding", "UTF8"),
        ]
        if let password = self.password { parameters.append(("password", password)) }
        let strings = parameters.map { (self.copy($0.0), self.copy($0.1)) }
        defer {
            for (name, value) in strings {
                name.deallocate()
                value.deallocate()
            }
        }
        let names = strings.map { UnsafePointer<CChar>?($0.0) } + [nil]
        let values = strings.map { UnsafePointer<CChar>?($0.1) } + [nil]
        return names.withUnsafeBufferPointer { names in
            values.withUnsafeBufferPointer { values in
                guard let names = names.baseAddress, let values = values.baseAddress else {
                    preconditionFailure("An array with elements has an address.")
                }
                return body(names, values)
            }
        }
    }

    // MARK: - Private

    private func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        copy.initialize(from: bytes, count: bytes.count)
        return copy
    }

    /// What the text sets.
    private var options: [String: String] {
        guard let options = PQconninfoParse(self.connection, nil) else { return [:] }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return found
    }
}
#endif

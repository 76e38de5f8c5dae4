//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import Penstock
import PenstockTesting

@testable import PenstockPostgres

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A real server of a test's own, in a folder of its own, on a socket in that folder.
///
/// The server refuses to run for root: then its user is `postgres`, as Debian's package makes one.
final class PostgresServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let made = TemporaryFolder()

    private var folder: String { self.made.path }

    /// How to reach it.
    var target: PostgresTarget { PostgresTarget("host=\(self.folder) user=penstock dbname=postgres connect_timeout=5") }

    init() throws {
        if getuid() == 0 { try Self.run("chown postgres '\(self.folder)'") }
        let quiet = "--no-sync --auth=trust --username=penstock --encoding=UTF8 --locale=C"
        try self.runTool("initdb \(quiet) -D '\(self.folder)/data' >'\(self.folder)/initdb.log' 2>&1")
        try self.start()
    }

    deinit {
        _ = try? self.stop("immediate")
    }

    /// Starts it, and waits until it takes connections.
    func start() throws {
        let options = "-c listen_addresses='' -c unix_socket_directories='\(self.folder)' -c fsync=off"
        let log = "\(self.folder)/log"
        try self.runTool(
            "pg_ctl -w -t 60 -D '\(self.folder)/data' -l '\(log)' -o \"\(options)\" start >'\(log).ctl' 2>&1"
        )
    }

    /// Stops it: `fast` ends connections in order, `immediate` as a crash does.
    func stop(_ mode: String) throws {
        try self.runTool("pg_ctl -w -m \(mode) -D '\(self.folder)/data' stop >/dev/null 2>&1")
    }

    /// Stops its processes where they are, or lets them go on.
    func signal(_ name: String) throws {
        try Self.run("kill -\(name) $(head -n 1 '\(self.folder)/data/postmaster.pid')")
        try Self.run("pkill -\(name) -P $(head -n 1 '\(self.folder)/data/postmaster.pid')")
    }

    func connect() throws -> PostgresConnection {
        try PostgresConnection(to: self.target, timeout: .seconds(60), time: .system)
    }

    /// The first column of what a statement gives.
    func column(_ statement: String) throws -> [String] {
        try self.connect().execute(statement).map { $0.first.flatMap { $0 } ?? "null" }
    }

    // MARK: - Private

    /// One of the server's tools, as the server's user.
    private func runTool(_ command: String) throws {
        let path = "PATH=\"$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)\""
        if getuid() == 0 {
            let quoted = command.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            try Self.run("cd / && \(path) su postgres -s /bin/sh -c 'export \(path); \(quoted)'")
        } else {
            try Self.run("\(path) && \(command)")
        }
    }

    private static func run(_ command: String) throws {
        let words: [String] = ["/bin/sh", "-c", command]
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let failure = posix_spawn(&child, "/bin/sh", nil, nil, arguments, environ)
        guard failure == 0 else { throw Failure(description: "posix_spawn: errno \(failure)") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Failure(description: "'\(command)' ended with status \(status)") }
    }
}
#endif

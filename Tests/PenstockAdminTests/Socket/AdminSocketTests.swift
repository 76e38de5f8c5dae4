//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import Foundation
import Penstock
import Testing

@testable import PenstockAdmin

@Suite("The socket of the admin server", .timeLimit(.minutes(5)))
struct AdminSocketTests {
    private static func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        // A path of a socket is short, whatever the folder for temporary files is called.
        let folder = "/tmp/pen-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    private static func rights(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("It serves what the address does, to its user alone, and is gone in the end")
    func serves() async throws {
        try await Self.withFolder { (folder: String) async throws in
            let path = "\(folder)/deep/made-up.sock"
            let watched = Watched()
            try await withServer(watched, socket: path) { (served: Served) async throws in
                let (live, pause) = (try await served.ask("GET", "/live"), try await served.order("/pause"))
                #expect(live.status == 200 && pause.status == 202)
                let (own, above) = (try Self.rights(path), try Self.rights("\(folder)/deep"))
                #expect(own == 0o600 && above == 0o700)
                let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep")
                #expect(names == ["made-up.sock"])
            }
            #expect(watched.orders == ["pause"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep").isEmpty)
        }
    }

    @Test("What a process has left that is no more is replaced; a socket that is served is not")
    func replaces() async throws {
        try await Self.withFolder { folder in
            let path = "\(folder)/a.sock"
            let stale = try AdminSocket(path)
            #expect(FileManager.default.createFile(atPath: "\(folder)/file", contents: Data("kept".utf8)))
            try await withServer(socket: path) { (_: Served) async throws in
                // A link to the socket is what a killed process leaves: nobody serves there once this server has ended.
                #expect(link(path, "\(folder)/stale.sock") == 0)
                let error = #expect(throws: PenstockError.self) { _ = try AdminSocket(path) }
                #expect(AdminCheck.isServed(socket: path))
                #expect(error?.message == "The socket \"\(path)\" cannot be opened: another process serves there.")
            }
            #expect(!AdminCheck.isServed(socket: "\(folder)/stale.sock"))
            #expect(!AdminCheck.isServed(socket: "\(folder)/file") && !AdminCheck.isServed(socket: "\(folder)/none"))
            try await withServer(socket: "\(folder)/stale.sock") { (served: Served) async throws in
                let live = try await served.ask("GET", "/live")
                #expect(live.status == 200)
            }
            let error = #expect(throws: PenstockError.self) { _ = try AdminSocket("\(folder)/file") }
            #expect(error?.message.contains("it is there, and is no socket") == true)
            #expect(try String(contentsOfFile: "\(folder)/file", encoding: .utf8) == "kept")
            stale.remove()
        }
    }

    @Test("A path that is too long is told of before")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 100)
        #expect(AdminCheck.problem(ofSocketPath: path)?.contains("103 bytes") == true)
        #expect(AdminCheck.problem(ofSocketPath: "/tmp/x.sock") == nil)
    }
}
#endif

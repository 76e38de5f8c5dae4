//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockCLI

@Suite("Settings of a run")
struct RunSettingsTests {
    @Test("Flags come before the environment", .timeLimit(.minutes(5)))
    func precedence() throws {
        let environment = [
            "PENSTOCK_WORKERS": "3", "PENSTOCK_REPORT": "env.json", "PENSTOCK_JSON": "1", "PENSTOCK_QUIET": "0",
        ]
        let fromEnvironment = try RunSettings(environment: { environment[$0] })
        #expect(fromEnvironment.workers == 3)
        #expect(fromEnvironment.report == "env.json")
        #expect(fromEnvironment.json)
        #expect(!fromEnvironment.quiet)
        let fromFlags = try RunSettings(
            report: "flag.json",
            json: false,
            quiet: true,
            workers: 5,
            environment: { environment[$0] }
        )
        #expect(fromFlags.workers == 5)
        #expect(fromFlags.report == "flag.json")
        #expect(!fromFlags.json)
        #expect(fromFlags.quiet)
    }

    @Test("A flag for JSON rules out the variable for silence", .timeLimit(.minutes(5)))
    func jsonAgainstQuiet() throws {
        let settings = try RunSettings(json: true, environment: { $0 == "PENSTOCK_QUIET" ? "1" : nil })
        #expect(settings.json)
        #expect(!settings.quiet)
    }

    @Test("Empty variables and 'auto' are as good as none", .timeLimit(.minutes(5)))
    func nothing() throws {
        #expect(try RunSettings(environment: { _ in "" }) == RunSettings(environment: { _ in nil }))
        #expect(try RunSettings(environment: { $0 == "PENSTOCK_WORKERS" ? "auto" : nil }).workers == nil)
    }

    #if Server
    @Test("Where the admin server listens", .timeLimit(.minutes(5)))
    func admin() throws {
        let variable = { (name: String) in name == "PENSTOCK_ADMIN" ? "127.0.0.1:1" : nil }
        #expect(try RunSettings(environment: variable).admin?.text == "127.0.0.1:1")
        #expect(try RunSettings(admin: "[::1]:9464", environment: variable).admin?.text == "[::1]:9464")
        let nowhere = try RunSettings(admin: "none", environment: variable).admin
        #expect(nowhere != nil && nowhere?.text == nil)
        let error = #expect(throws: DiagnosticsError.self) { try RunSettings(admin: "9464", environment: { _ in nil }) }
        #expect(error?.diagnostics.map(\.message) == ["--admin cannot be '9464'"])
    }
    #endif

    @Test("All wrong variables are named", .timeLimit(.minutes(5)))
    func wrong() {
        let environment = ["PENSTOCK_WORKERS": "0", "PENSTOCK_JSON": "maybe", "PENSTOCK_QUIET": "2"]
        let error = #expect(throws: DiagnosticsError.self) { try RunSettings(environment: { environment[$0] }) }
        #expect(
            error?.diagnostics.map(\.message) == [
                "PENSTOCK_WORKERS cannot be '0'", "PENSTOCK_JSON cannot be 'maybe'", "PENSTOCK_QUIET cannot be '2'",
            ]
        )
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import ArgumentParser
import Penstock

#if Server
import PenstockAdmin
#endif

/// `penstock top`: shows a pipeline that runs, in a terminal.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a pipeline that runs.",
        discussion: """
            The pipeline has to run with 'admin' in its file, or with --admin. It shows once a second what the live page \
            shows: throughput, latency, the queue, where the workers' time goes, the sinks, and what is wrong in words.

            Keys: q leaves, p pauses, r resumes, d drains (and asks before), + and - change the workers, ? shows the keys.

            With NO_COLOR it has no colours, and where the locale is not one of UTF-8 nothing but ASCII.

            Exit codes: 0 it was shown; 1 nobody answers; 64 wrong usage.
            """
    )

    @OptionGroup var target: AdminTarget

    @Flag(help: "Show it once, and end.")
    var once = false

    @Flag(help: "Print JSON: one object, with --once.")
    var json = false

    func validate() throws {
        if self.json, !self.once { throw ValidationError("--json goes with --once.") }
        if !self.once, !Output.standardIsTerminal || !Output.inputIsTerminal {
            throw ValidationError("There is no terminal: use --once.")
        }
    }

    func run() async throws {
        #if Server
        try await self.watching {
            let client = try self.target.client()
            if self.once {
                let text = try await client.get("/status")
                try self.show(self.json ? text : TerminalAbilities.current.fitted(try TopScreen.once(text)))
            } else if let text = try await TopSession(client).run() {
                try self.show(TerminalAbilities.current.fitted(text))
            }
        }
        #else
        try self.refuseWithoutServer()
        #endif
    }
}

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

/// Which running pipeline a command speaks with.
struct AdminTarget: ParsableArguments {
    @Option(
        help: ArgumentHelp("The pipeline's name; not needed where only one runs with 'admin'.", valueName: "name")
    )
    var pipeline: String?

    @Option(
        help: ArgumentHelp("The path of its Unix socket, where 'socket' of 'admin' is set.", valueName: "path"),
        completion: .file()
    )
    var socket: String?

    @Option(
        help: ArgumentHelp("The address of its admin server, such as http://127.0.0.1:9464.", valueName: "url")
    )
    var url: String?

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp("The file of the token that the address wants.", valueName: "path"),
        completion: .file()
    )
    var tokenFile: String?

    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp(
            "The file, in PEM, of the certificate that the address's own comes from: itself, if it vouches for itself.",
            valueName: "path"
        ),
        completion: .file()
    )
    var authorities: String?

    func validate() throws {
        let given = [self.pipeline, self.socket, self.url].compactMap(\.self)
        if given.count > 1 { throw ValidationError("--pipeline, --socket and --url rule each other out.") }
        if let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            throw ValidationError("--url has to begin with http:// or https://.")
        }
        if self.tokenFile != nil, self.url == nil { throw ValidationError("--token-file goes with --url.") }
        if self.authorities != nil, self.url?.hasPrefix("https://") != true {
            throw ValidationError("--ca goes with a --url that begins with https://.")
        }
    }
}

/// What a command of those that speak with a running pipeline says when it cannot.
struct WatchProblem: Error {
    var message: String
}

#if Server
extension AdminTarget {
    /// A client for what was named, or for the only pipeline that there is.
    func client() throws -> AdminClient {
        do {
            return try AdminClient(try self.target(), tokenFile: self.tokenFile, authorities: self.authorities)
        } catch let error as PenstockError {
            throw WatchProblem(message: error.message)
        }
    }

    private func target() throws(WatchProblem) -> AdminClient.Target {
        if let url { return .url(url) }
        if let socket { return .socket(socket) }
        if let problem = ControlSocket.problem() { throw WatchProblem(message: problem) }
        if let pipeline { return .socket(ControlSocket.path(of: pipeline)) }
        // To remove a socket that nobody serves is for the next run of that name: one may be about to take its place.
        let names = ControlSocket.pipelines().filter { AdminCheck.isServed(socket: ControlSocket.path(of: $0)) }
        switch names.count {
        case 1: return .socket(ControlSocket.path(of: names[0]))
        case 0:
            throw WatchProblem(
                message:
                    "no pipeline of yours has a socket in \(ControlSocket.folder): it has to run with 'admin' in its "
                    + "file, or --admin"
            )
        default:
            throw WatchProblem(
                message: "several pipelines run; name one with --pipeline: \(names.joined(separator: ", "))"
            )
        }
    }
}
#endif

extension ParsableCommand {
    /// Does what speaks with a running pipeline; tells what went wrong, and ends with 1.
    func watching(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as PenstockError {
            Output.error("penstock: error: \(error.message)\n")
            throw ExitCode(ProgramExit.failure)
        } catch let error as WatchProblem {
            Output.error("penstock: error: \(error.message)\n")
            throw ExitCode(ProgramExit.failure)
        }
    }

    /// What a program says that was built without the server.
    func refuseWithoutServer() throws -> Never {
        let name = Self.configuration.commandName ?? "this command"
        Output.error("penstock: error: '\(name)' needs a penstock built with the trait \(TraitTypes.adminTrait)\n")
        throw ExitCode(ProgramExit.failure)
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

#if Server
import PenstockAdmin
import PenstockHTTP
#endif

extension PipelineFile {
    #if Server
    /// Whether anybody can watch it.
    var isWatched: Bool { self.admin != nil }

    /// Where it can be watched, for people; nil where it cannot.
    var adminText: String? {
        guard let admin = self.admin else { return nil }
        let address = admin.configuration.listen.map { listen in
            let token = admin.configuration.tokenFile == nil ? "" : ", with a token"
            return "\(admin.configuration.tls == nil ? "http" : "https")://\(listen)\(token)"
        }
        let socket = admin.socketPath(of: self.description.name).map { "socket \(shown($0))" }
        return [address, socket].compactMap(\.self).joined(separator: "; ")
    }

    /// Listens where a flag or a variable says instead of where the file does.
    mutating func override(_ address: AdminAddress) throws(DiagnosticsError) {
        var admin = self.admin ?? AdminSettings()
        admin.listenPlace = nil
        admin.configuration.listen = address.text.flatMap { ListenAddress($0) }
        if address.text == nil, self.admin == nil { return }
        if let listen = admin.configuration.listen, !listen.isLoopback,
            admin.configuration.tokenFile == nil || admin.configuration.tls == nil
        {
            throw DiagnosticsError(diagnostics: [
                Diagnostic(
                    nil,
                    "other machines reach \(listen), and 'admin' has no token_file and tls",
                    hint: "listen on 127.0.0.1, or set both in the pipeline file"
                )
            ])
        }
        self.admin = admin
    }

    /// Adds what only a look can tell of the admin server.
    mutating func addAdminChecks() {
        guard let admin = self.admin else { return }
        let what = "'admin'"
        if let path = admin.configuration.tokenFile {
            self.checks.append(.init(place: admin.tokenPlace, what: what) { HTTPCheck.problem(ofToken: path) })
        }
        if let tls = admin.configuration.tls {
            self.checks.append(.init(place: admin.tlsPlace, what: what) { HTTPCheck.problem(of: tls) })
        }
        if let listen = admin.configuration.listen {
            self.checks.append(.init(place: admin.listenPlace, what: what) { HTTPCheck.problem(of: listen) })
        }
        if let socket = admin.socketPath(of: self.description.name) {
            let isStandard = admin.socket == .standard
            let place = admin.socketPlace ?? admin.place
            let hint = "set 'socket' of 'admin' to \(isStandard ? "a" : "another") path, or to none"
            self.checks.append(
                .init(place: place, what: what, hint: hint) {
                    (isStandard ? ControlSocket.problemMakingFolder() : nil) ?? AdminCheck.problem(ofSocket: socket)
                }
            )
        }
    }
    #else
    /// Nobody can watch it.
    var isWatched: Bool { false }

    /// There is nothing to tell.
    var adminText: String? { nil }

    /// Nobody can listen.
    mutating func override(_ address: AdminAddress) throws(DiagnosticsError) {
        guard address.text != nil else { return }
        throw DiagnosticsError(diagnostics: [
            Diagnostic(nil, "an admin server needs a penstock built with the trait \(TraitTypes.adminTrait)")
        ])
    }

    /// There is nothing to look at.
    mutating func addAdminChecks() {}
    #endif
}

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

// The block `admin`.
extension PipelineFileReader {
    private static let adminKeys = ["listen", "token_file", "tls", "socket"]

    mutating func readAdmin(_ value: YAMLValue) {
        let what = "'admin'"
        guard let fields = self.values.fields(of: value, what: what, known: Self.adminKeys) else { return }
        var admin = AdminSettings()
        admin.place = value.place
        if let value = fields["listen"] {
            admin.listenPlace = value.place
            admin.configuration.listen = self.listenAddress(value, what: what, example: AdminSettings.exampleAddress)
        }
        admin.configuration.tokenFile = fields["token_file"].flatMap {
            self.values.text($0, what: "'token_file' of \(what)")
        }
        admin.configuration.tls = fields["tls"].flatMap { self.serverTLS($0, what: what) }
        if let value = fields["socket"], let path = self.values.text(value, what: "'socket' of \(what)") {
            admin.socket = path == "none" ? .none : .path(path)
            admin.socketPlace = value.place
            if path != "none", let problem = AdminCheck.problem(ofSocketPath: path) {
                self.values.fail(value.place, problem, hint: "a shorter path")
            }
        }
        if let listen = admin.configuration.listen, let place = admin.listenPlace {
            let missing = ["token_file", "tls"].filter { fields[$0] == nil }
            self.refuseOpenDoor(place, listen, missing: missing, what: what)
            self.refuseSecondListener(on: listen, at: place, what: what)
        }
        admin.tokenPlace = fields["token_file"]?.place
        admin.tlsPlace = fields["tls"]?.place
        self.file.admin = admin
    }
}
#else
extension PipelineFileReader {
    /// There is no server.
    mutating func readAdmin(_ value: YAMLValue) {
        self.values.fail(
            value.place,
            "'admin' needs a penstock built with the trait \(TraitTypes.adminTrait)",
            hint: "remove the key"
        )
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a run takes from flags and the environment.
///
/// Flags come before the environment, which comes before the file.
struct RunSettings: Equatable {
    var report: String?
    var json = false
    var quiet = false
    var workers: Int?
    /// Where the admin server listens, whatever the file says.
    var admin: AdminAddress?

    /// Settles the settings.
    ///
    /// - Parameters:
    ///   - flags: What the flags say; nil where they say nothing.
    ///   - environment: The variables by name. An empty one is as good as none.
    /// - Throws: A diagnostic for each variable with a wrong value.
    init(
        report: String? = nil,
        json: Bool? = nil,
        quiet: Bool? = nil,
        workers: Int? = nil,
        admin: String? = nil,
        environment: (String) -> String?
    ) throws(DiagnosticsError) {
        var diagnostics: [Diagnostic] = []
        func variable(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        func switched(_ name: String) -> Bool? {
            guard let text = variable(name) else { return nil }
            switch text.lowercased() {
            case "1", "true", "yes": return true
            case "0", "false", "no": return false
            default:
                diagnostics.append(Diagnostic(nil, "\(name) cannot be '\(shown(text))'", hint: "1 or 0"))
                return nil
            }
        }
        self.report = report ?? variable("PENSTOCK_REPORT")
        self.workers = workers
        if workers == nil, let text = variable("PENSTOCK_WORKERS"), text != "auto" {
            self.workers = Int(text).flatMap { WorkerCount.range.contains($0) ? $0 : nil }
            if self.workers == nil {
                diagnostics.append(
                    Diagnostic(
                        nil,
                        "PENSTOCK_WORKERS cannot be '\(shown(text))'",
                        hint: "auto, or a whole number from 1 to \(grouped(WorkerCount.range.upperBound))"
                    )
                )
            }
        }
        for (name, text) in [("--admin", admin), ("PENSTOCK_ADMIN", variable("PENSTOCK_ADMIN"))] {
            guard let text, self.admin == nil else { continue }
            self.admin = AdminAddress(text)
            if self.admin == nil {
                let hint = "an address and a port, such as 127.0.0.1:9464; or none"
                diagnostics.append(Diagnostic(nil, "\(name) cannot be '\(shown(text))'", hint: hint))
                break
            }
        }
        let jsonVariable = switched("PENSTOCK_JSON")
        let quietVariable = switched("PENSTOCK_QUIET")
        // A flag for one of the two rules out the other one's variable.
        self.quiet = quiet ?? (json == true ? false : quietVariable ?? false)
        self.json = json ?? (self.quiet ? false : jsonVariable ?? false)
        guard diagnostics.isEmpty else { throw DiagnosticsError(diagnostics: diagnostics) }
    }
}

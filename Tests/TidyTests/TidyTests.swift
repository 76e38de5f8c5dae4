//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@Suite("The project's own rules")
struct TidyTests {
    @Test("hold for every file", arguments: Rule.all)
    func holds(_ rule: Rule) {
        for finding in rule.check(.here) { Issue.record("\(finding)") }
    }

    @Test("look at the files there are")
    func seesTheCheckout() {
        let paths = Set(Checkout.here.files.map(\.path))
        #expect(paths.contains("Package.swift"))
        #expect(paths.contains("Tests/TidyTests/TidyTests.swift"))
        #expect(paths.contains { $0.hasPrefix("Sources/CPenstock/") && $0.hasSuffix(".h") })
        #expect(paths.contains("dev/check") && paths.contains(".ci/run"))
        #expect(paths.count { $0.hasPrefix("Sources/Penstock/") && $0.hasSuffix(".swift") } > 0)
        #expect(!paths.contains { $0.contains(".build/") })
    }

    @Test("read the targets that Package.swift declares")
    func readsTheManifest() throws {
        let manifest = try #require(Checkout.here.files.first { $0.path == "Package.swift" })
        let targets = ManifestTarget.targets(in: manifest.text)
        #expect(Set(targets.map(\.name)).isSuperset(of: Rule.allowedImports.keys))
        #expect(targets.first { $0.name == "PenstockEvents" }?.dependencies.contains("Penstock") == true)
        #expect(targets.first { $0.name == "PenstockCLI" }?.dependencies.contains("ArgumentParser") == true)
    }
}

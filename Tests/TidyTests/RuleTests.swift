//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

/// A file, the rule it is judged by, and the lines on which the rule must find something.
struct Sample: Sendable, CustomStringConvertible {
    let rule: String
    let path: String
    let text: String
    let lines: [Int]

    init(_ rule: String, _ path: String, _ text: String, lines: [Int] = []) {
        self.rule = rule
        self.path = path
        self.text = text
        self.lines = lines
    }

    var description: String { "\(self.rule) in \(self.path): \(self.text.suffix(60).debugDescription)" }
}

@Suite("Each rule")
struct RuleTests {
    @Test("has a sample that breaks it")
    func hasSamples() {
        #expect(Set(Rule.all.map(\.name)) == Set(Self.bad.map(\.rule)))
        #expect(Set(Rule.all.map(\.name)).count == Rule.all.count)
    }

    @Test("catches what breaks it", arguments: Self.bad)
    func catches(_ sample: Sample) throws {
        let findings = try self.findings(sample)
        #expect(findings.map(\.line) == sample.lines, "\(findings)")
        #expect(findings.allSatisfy { $0.path == sample.path && !$0.advice.isEmpty })
    }

    @Test("leaves alone what does not", arguments: Self.good)
    func leaves(_ sample: Sample) throws {
        #expect(try self.findings(sample) == [])
    }

    @Test("says where and what to do")
    func describes() {
        let finding = Finding(path: "Sources/Penstock/A.swift", line: 3, advice: "name it")
        #expect("\(finding)" == "Sources/Penstock/A.swift:3: name it")
    }

    private func findings(_ sample: Sample) throws -> [Finding] {
        let rule = try #require(Rule.all.first { $0.name == sample.rule })
        return rule.check(Checkout(Self.surroundings.merging([sample.path: sample.text]) { $1 }))
    }

    /// What stands around every sample.
    private static let surroundings = [
        "Package.swift": header + """
            let package = Package(
                dependencies: [.package(url: "https://example.org/Yams", from: "6.0.0")],
                targets: [
                    .target(name: "Penstock", dependencies: ["CPenstock"]),
                    .target(name: "PenstockEvents", dependencies: [.target(name: "Penstock")]),
                    .executableTarget(
                        name: "PenstockCLI",
                        dependencies: ["Penstock", .product(name: "Yams", package: "yams-package")]
                    ),
                    .testTarget(name: "PenstockTests"),
                ]
            )
            """,
        "Sources/Penstock/Documentation.docc/Penstock.md": "# ``Penstock``\n- <doc:Found>\n- ``Channel``\n",
        "Tests/PenstockTests/FoundTests.swift": header + """
            @Suite struct FoundTests {
                @Test(arguments: [1])
                func `is found`(number: Int) {}
                @Test("Is found") func isFound() {}
                func `is lost`() {}
            }
            """,
    ]

    private static let behaviours = "Sources/Penstock/Documentation.docc/Behaviours.md"

    /// The path of a file of the core.
    private static let core = "Sources/Penstock/Channel.swift"
    private static let test = "Tests/PenstockTests/ChannelTests.swift"

    static let bad: [Sample] = [
        Sample("imports", core, "import Synchronization\nimport Foundation\n", lines: [2]),
        Sample("imports", core, "@testable public import struct PenstockEvents.Batch\n", lines: [1]),
        Sample(
            "imports",
            "Sources/PenstockEvents/A.swift",
            "import Penstock\nimport Dispatch; import Yams\n",
            lines: [2, 2]
        ),
        Sample("imports", "Sources/PenstockTesting/A.swift", "package import PenstockBench\n", lines: [1]),
        Sample("imports", "Sources/PenstockCLI/A.swift", "import NIOCore\n", lines: [1]),
        Sample("imports", "Sources/PenstockNew/A.swift", "import Penstock\n", lines: [1]),
        Sample("dependencies", "Sources/PenstockCLI/A.swift", "import Yams\nimport ArgumentParser\n", lines: [2]),
        Sample("dependencies", test, "import Testing\n@testable import Penstock\n", lines: [2]),
        Sample("dependencies", "Sources/PenstockNew/A.swift", "let a = 1\n", lines: [1]),
        Sample(
            "dependencies",
            "Package.swift",
            "[\n.target(name: \"Penstock\", dependencies: [\"PenstockEvents\", \"CPenstock\"]),\n.testTarget(name: \"PenstockTests\")\n]",
            lines: [2]
        ),
        Sample("header", core, "import Synchronization\n", lines: [1]),
        Sample("header", "Sources/CPenstock/a.h", "#pragma once\n", lines: [1]),
        Sample("header", test, header.replacing("Apache-2.0", with: "MIT"), lines: [1]),
        Sample("header", "Snippets/A.swift", "import Penstock\n" + header, lines: [1]),
        Sample("file length", core, String(repeating: "//\n", count: 801), lines: [801]),
        Sample("function length", core, "\nfunc a() {\n" + String(repeating: "a()\n", count: 69) + "}\n", lines: [2]),
        Sample(
            "function length",
            "Sources/CPenstock/a.c",
            "int a(void) {\n" + String(repeating: "a(); // }\n", count: 69) + "}\n",
            lines: [1]
        ),
        Sample("braces", core, "func a() {\n{\n}\n", lines: [1]),
        Sample("braces", test, "let a = /{/\nfunc b() {\n}\n", lines: [1]),
        Sample("file name", "Sources/Penstock/Utils.swift", "", lines: [1]),
        Sample("file name", "Sources/Penstock/StringHelpers.swift", "", lines: [1]),
        Sample("file name", "Tests/PenstockTests/Pool+Misc.swift", "", lines: [1]),
        Sample("file name", "Sources/CPenstock/queue_utils.c", "", lines: [1]),
        Sample("documentation", "Sources/Penstock/Documentation.docc/Lost.md", "# Lost\n", lines: [1]),
        Sample(
            "documentation",
            "Sources/Penstock/Documentation.docc/Pool.md",
            "# ``Penstock/WorkerPool``\n",
            lines: [1]
        ),
        Sample(
            "behaviours",
            behaviours,
            "| kept | `FoundTests/is found`, `FoundTests/is lost` |\n`LostTests/is found` ``Channel/finish()``\n",
            lines: [1, 2]
        ),
        Sample("fatalError", core, "func a() {\n    fatalError(\"b\")\n}\n", lines: [2]),
        Sample("try!", core, "let a = try! b()\n", lines: [1]),
        Sample("as!", core, "let a = \"as!\"\nlet b = \"\\(a as! Int)\"\n", lines: [2]),
        Sample("Task.detached", core, "Task.detached { }\nTask\n    .detached(priority: .low) { }\n", lines: [1, 2]),
        Sample(
            "AsyncStream",
            core,
            "let a: AsyncStream<Int>\nlet b = AsyncThrowingStream<Int, Error>.self\n",
            lines: [1, 2]
        ),
        Sample("forced unwrap", core, "let a = b!\nlet c: Int!\nd()!.e[1]!.f\nh! = 1\n", lines: [1, 2, 3, 4]),
        Sample(
            "remark",
            core,
            "// TODO: later\nlet a = 1 // FIXME\n/* XXX */\nlet b = \"HACK\"\n",
            lines: [1, 2, 3, 4]
        ),
        Sample("remark", "Sources/CPenstock/a.c", "// TODO\n", lines: [1]),
        Sample("tasks", core, "Task { }\nlet a = Task(priority: .low) {}\nTask<Int, Never> { 1 }\n", lines: [1, 2, 3]),
        Sample(
            "tasks",
            core,
            "Task.init { }\nTask.immediate { }\n_ = Task<Void, any Error>.init { }\n",
            lines: [1, 2, 3]
        ),
        Sample("safety", core, "final class A: @unchecked Sendable {}\n", lines: [1]),
        Sample("safety", test, "// SAFETY: far\n\n\n\n\n\n\n\n\nnonisolated(unsafe) var a = 1\n", lines: [10]),
        Sample(
            "sleep",
            test,
            "try await Task.sleep(for: .seconds(1))\nusleep(3)\nnanosleep(&a, nil)\n",
            lines: [1, 2, 3]
        ),
        Sample("xctest", test, "import XCTest\n", lines: [1]),
        Sample("suppressions", "dev/tsan.supp", "race:Channel\n", lines: [1]),
        Sample("suppressions", "dev/check", "#!/bin/bash\nTSAN_OPTIONS=suppressions=a swift test\n", lines: [2]),
        Sample("suppressions", core, "@_semantics(\"no_sanitize\") func a() {}\n", lines: [1]),
    ]

    static let good: [Sample] = [
        Sample(
            "imports",
            core,
            """
            // import Foundation
            #if canImport(Glibc)
            import Glibc
            #elseif canImport(Darwin)
            import Darwin
            #endif
            let a = "import Foundation"
            """
        ),
        Sample("imports", "Sources/PenstockCLI/main.swift", "import Yams\nimport Foundation\n"),
        Sample("imports", test, "import Foundation\n"),
        Sample("dependencies", "Sources/PenstockCLI/A.swift", "import Yams\nimport Foundation\nimport Penstock\n"),
        Sample("dependencies", "Sources/PenstockEvents/A.swift", "public import struct Penstock.PenstockError\n"),
        Sample("header", core, header + "\nlet a = 1\n"),
        Sample("header", "Package.swift", "// swift-tools-version: 6.3\n" + header),
        Sample("header", "Snippets/A.swift", "// snippet.hide\n" + header),
        Sample("header", "dev/check", "#!/bin/bash\n"),
        Sample("file length", core, String(repeating: "//\n", count: 800)),
        Sample("function length", core, "func a() {\n" + String(repeating: "a()\n", count: 68) + "}\nfunc b() {\n}\n"),
        Sample("function length", test, "func a() {\n" + String(repeating: "a()\n", count: 90) + "}\n"),
        Sample("braces", core, "func a() { \"{\" /* { */ } // {\n"),
        Sample("braces", "dev/check", "{\n"),
        Sample("file name", "Sources/Penstock/Utilization.swift", ""),
        Sample("file name", "Sources/Penstock/Channel+AsyncSequence.swift", ""),
        Sample("documentation", "Sources/Penstock/Documentation.docc/Found.md", "# Found\n"),
        Sample("documentation", "Sources/Penstock/Documentation.docc/Channel.md", "# ``Penstock/Channel``\n"),
        Sample(
            "behaviours",
            behaviours,
            "| as `select` | `FoundTests/is found`, `FoundTests/isFound` | ``WorkerPool/call(_:)`` |\n"
        ),
        Sample("behaviours", "Sources/Penstock/Documentation.docc/ThePool.md", "`LostTests/is lost`\n"),
        Sample("fatalError", core, "// fatalError\nlet a = \"fatalError()\"\nprecondition(b, \"c\")\n"),
        Sample("fatalError", test, "fatalError()\n"),
        Sample("try!", core, "let a = try? b()\nlet c = try !d()\n"),
        Sample("as!", core, "let a = b as? Int\n"),
        Sample("Task.detached", core, "let detached = Task.isCancelled\n"),
        Sample("AsyncStream", "Sources/PenstockBench/Ways/AsyncStreamWay.swift", "let a: AsyncStream<Int>\n"),
        Sample("AsyncStream", core, "/// Unlike `AsyncStream`, it has a capacity.\nlet a = 1\n"),
        Sample("forced unwrap", core, "if !a, (!b), a != b, a!=b { c(!d) }\n#if !os(Linux)\nlet e = \"f!\" // g!\n"),
        Sample("remark", core, "let todo = 1 // todo\nlet path = \"/tmp/a.XXXXXX\"\n"),
        Sample("tasks", core, "extension Task { }\ngroup.addTask { }\nTask.isCancelled\nlet a: Task<Int, Never>\n"),
        Sample("tasks", "Sources/Penstock/Observe/LiveTasks.swift", "Task(executorPreference: a) { }\n"),
        Sample("tasks", test, "Task { }\n"),
        Sample(
            "safety",
            core,
            "// SAFETY: guarded by `lock`.\n///\n\n\n\n\n\n\nfinal class A: @unchecked Sendable {}\n"
        ),
        Sample(
            "safety",
            core,
            "nonisolated(unsafe) let a = 1 // SAFETY: never written.\nlet b = \"@unchecked Sendable\"\n"
        ),
        Sample(
            "safety",
            core,
            "// SAFETY: guarded by `lock`.\n" + String(repeating: "/// So long.\n", count: 12)
                + "@frozen\npublic final class A: @unchecked Sendable {}\n"
        ),
        Sample("sleep", test, "func sleep(for: Duration) {}\nlet a = \"sleep(1)\" // sleep(2)\nlet sleep = 1\n"),
        Sample("sleep", test, "switch action {\ncase .sleep(let instant): break\n}\n"),
        Sample("sleep", core, "try await Task.sleep(for: .seconds(1))\n"),
        Sample("xctest", test, "import Testing\n"),
        Sample("suppressions", "dev/check", "ASAN_OPTIONS=detect_leaks=0 swift test --sanitize address\n"),
    ]

    /// What every source file begins with.
    private static let header = """
        //
        // This source file is part of the Penstock open source project
        //
        // Copyright (c) the Penstock project authors
        // Licensed under Apache License v2.0
        //
        // SPDX-License-Identifier: Apache-2.0
        //

        """
}

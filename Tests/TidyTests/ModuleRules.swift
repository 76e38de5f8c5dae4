//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Rule {
    /// The platforms' C libraries.
    private static let platform: Set<String> = ["Darwin", "Glibc", "Musl"]

    /// What each module may import, besides the standard library: imports go towards `Penstock` and never back.
    static let allowedImports: [String: Set<String>] = [
        "CPenstock": [],
        "CPenstockZlib": [],
        "CPostgres": [],
        "Penstock": platform.union(["CPenstock", "Synchronization"]),
        "PenstockTesting": platform.union(["CPenstock", "Penstock", "PenstockEvents", "Synchronization"]),
        "PenstockEvents": platform.union(["CPenstock", "Penstock", "Synchronization"]),
        "PenstockHTTP": platform.union([
            "AsyncHTTPClient", "CPenstockZlib", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "Penstock",
            "PenstockEvents", "Tracing",
        ]),
        "PenstockMetrics": platform.union(["CPenstock", "CoreMetrics", "Penstock", "PenstockEvents", "Synchronization"]
        ),
        "PenstockAdmin": platform.union([
            "AsyncHTTPClient", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Logging", "NIOCore", "NIOHTTP1",
            "Penstock", "PenstockEvents", "PenstockHTTP", "PenstockMetrics", "ServiceLifecycle",
        ]),
        "PenstockLifecycle": ["Logging", "Penstock", "PenstockEvents", "ServiceLifecycle", "Tracing"],
        "PenstockPostgres": platform.union(["CPostgres", "Penstock", "PenstockEvents"]),
        "PenstockSQLite": platform.union(["GRDB", "GRDBSQLite", "Penstock", "PenstockEvents"]),
        "PenstockBench": platform.union([
            "CPenstock", "CoreMetrics", "Dispatch", "Penstock", "PenstockEvents", "PenstockMetrics",
        ]),
        "PenstockKernels": platform.union(["Penstock", "PenstockEvents", "Synchronization"]),
        "PenstockPeer": platform.union(["PenstockBench"]),
        "PenstockSimulate": ["ArgumentParser", "Penstock", "PenstockTesting"],
        "PenstockCLI": platform.union([
            "ArgumentParser", "CPenstock", "Dispatch", "Foundation", "FoundationEssentials", "Penstock",
            "PenstockAdmin", "PenstockBench", "PenstockEvents", "PenstockHTTP", "PenstockMetrics", "PenstockPostgres",
            "PenstockSQLite", "Synchronization", "Yams",
        ]),
    ]

    /// What needs no entry in `Package.swift`.
    private static let systemModules = platform.union([
        "Dispatch", "Foundation", "FoundationEssentials", "Synchronization", "Testing",
    ])

    /// Each module imports what its row of the table allows, and no more.
    static let imports = Rule(name: "imports") { checkout in
        checkout.code(in: "Sources").flatMap { file -> [Finding] in
            guard let module = file.module else { return [] }
            guard let allowed = allowedImports[module] else {
                return [Finding(path: file.path, line: 1, advice: "give \(module) a row in Rule.allowedImports")]
            }
            return Import.imports(in: file).filter { !allowed.contains($0.module) }.map {
                let list = allowed.sorted().joined(separator: ", ")
                return Finding(
                    path: file.path,
                    line: $0.line,
                    advice: "\(module) may not import \($0.module), only \(list): move the code to a module that may"
                )
            }
        }
    }

    /// What `Package.swift` declares for each target is allowed by the table and covers what its files import.
    static let dependencies = Rule(name: "dependencies") { checkout in
        guard let manifest = checkout.files.first(where: { $0.path == "Package.swift" }) else { return [] }
        let targets = ManifestTarget.targets(in: manifest.text)
        var findings: [Finding] = []
        for target in targets {
            guard let allowed = allowedImports[target.name] else { continue }
            for dependency in target.dependencies.sorted() where !allowed.contains(dependency) {
                let advice = "\(target.name) may not depend on \(dependency): remove it from the target"
                findings.append(Finding(path: manifest.path, line: target.line, advice: advice))
            }
        }
        for file in checkout.code(in: "Sources", "Tests") {
            let parts = file.path.split(separator: "/")
            guard parts.count > 2, file.language == .swift else { continue }
            guard let target = targets.first(where: { $0.name == parts[1] }) else {
                let advice = "no target in Package.swift is called \(parts[1]): add it, or remove the file"
                findings.append(Finding(path: file.path, line: 1, advice: advice))
                continue
            }
            for found in Import.imports(in: file)
            where !systemModules.contains(found.module) && !target.dependencies.contains(found.module) {
                let advice = "\(found.module) is not a dependency of \(target.name) in Package.swift: declare it there"
                findings.append(Finding(path: file.path, line: found.line, advice: advice))
            }
        }
        return findings
    }

    /// Tests are written with Swift Testing alone.
    static let xctest = Rule(name: "xctest") { checkout in
        checkout.code(in: "Tests", "Sources").flatMap { file in
            Import.imports(in: file).filter { $0.module == "XCTest" }.map {
                Finding(path: file.path, line: $0.line, advice: "write the test with Swift Testing: `import Testing`")
            }
        }
    }
}

/// An `import` of a Swift file.
struct Import: Equatable {
    let module: String
    let line: Int

    private static let kinds: Set<String> = [
        "actor", "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
    ]

    static func imports(in file: SourceFile) -> [Import] {
        guard file.language == .swift else { return [] }
        return file.tokens.indices.compactMap { index in
            guard file.tokens[index].text == "import" else { return nil }
            let words = file.tokens[(index + 1)...].prefix(2).map(\.text)
            guard let first = words.first else { return nil }
            let module = self.kinds.contains(first) ? words.last ?? first : first
            return Import(module: module, line: file.tokens[index].line)
        }
    }
}

/// A target as `Package.swift` declares it.
struct ManifestTarget: Equatable {
    let name: String
    /// The modules it depends on: other targets, or products of other packages.
    let dependencies: Set<String>
    /// The line of its `.target(`.
    let line: Int

    /// Reads the targets out of the manifest's text.
    ///
    /// The manifest is a program, but ours is written as one list of literals, and this reads no more than that.
    static func targets(in manifest: String) -> [ManifestTarget] {
        let source = Array(manifest.utf8)
        // Places are looked for where strings are blank, names where they are not; the offsets are the same.
        let code = Array(CodeMask.mask(manifest, language: .swift).utf8)
        var targets: [ManifestTarget] = []
        for opening in [".target(", ".executableTarget(", ".testTarget(", ".macro(", ".plugin("] {
            for start in self.offsets(of: opening, in: code) {
                let first = start + opening.utf8.count
                let last = self.end(of: first, in: code)
                let strings = self.strings(in: source, code, first..<last)
                guard let name = strings.first(where: { $0.label == "name" }) else { continue }
                let line = 1 + source[..<start].count { $0 == UInt8(ascii: "\n") }
                let list = self.offsets(of: "dependencies:", in: Array(code[first..<last])).first.map { first + $0 }
                let dependencies = list.map { list -> Set<String> in
                    let open = code[list...].firstIndex(of: UInt8(ascii: "[")).map { $0 + 1 } ?? last
                    let found = self.strings(in: source, code, open..<min(self.end(of: open, in: code), last))
                    return Set(found.filter { $0.label == nil || $0.label == "name" }.map(\.text))
                }
                targets.append(ManifestTarget(name: name.text, dependencies: dependencies ?? [], line: line))
            }
        }
        return targets.sorted { $0.line < $1.line }
    }

    // MARK: - Private

    /// The bracket that closes the one just before `start`.
    private static func end(of start: Int, in code: [UInt8]) -> Int {
        var depth = 1
        for offset in start..<code.count {
            switch code[offset] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth == 0 { return offset }
        }
        return code.count
    }

    /// The string literals of a range, each with the label before it.
    private static func strings(
        in source: [UInt8],
        _ code: [UInt8],
        _ range: Range<Int>
    ) -> [(label: String?, text: String)] {
        var found: [(label: String?, text: String)] = []
        var open: Int?
        for offset in range where code[offset] == UInt8(ascii: "\"") {
            guard let start = open else {
                open = offset
                continue
            }
            open = nil
            let text = String(decoding: source[(start + 1)..<offset], as: UTF8.self)
            let before = code[range.lowerBound..<start].reversed().drop { $0 == UInt8(ascii: " ") }
            let word = before.dropFirst().prefix { UInt8(ascii: "a") <= $0 && $0 <= UInt8(ascii: "z") }
            let isLabelled = before.first == UInt8(ascii: ":")
            found.append((isLabelled ? String(decoding: word.reversed(), as: UTF8.self) : nil, text))
        }
        return found
    }

    private static func offsets(of text: String, in code: [UInt8]) -> [Int] {
        let pattern = Array(text.utf8)
        guard code.count >= pattern.count else { return [] }
        return (0...(code.count - pattern.count)).filter { code[$0...].starts(with: pattern) }
    }
}

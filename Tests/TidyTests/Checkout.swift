//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation

/// The files of the project that the rules look at: those of the checkout, or a few that a test makes up.
struct Checkout: Sendable {
    /// The files, sorted by path.
    let files: [SourceFile]

    /// Makes a checkout of files that stand on no disk, for the tests of the rules.
    init(_ texts: [String: String]) {
        self.files = texts.map { SourceFile(path: $0.key, text: $0.value) }.sorted { $0.path < $1.path }
    }

    /// The checkout this test was compiled from.
    static let here = Checkout(readFiles(below: root))

    /// The folder that holds `Package.swift`.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What the rules look at, besides the package's own description.
    static let folders = ["Benchmarks", "Examples", "Snippets", "Sources", "Tests", "dev", ".ci"]
    static let rootFiles = ["Makefile", "Package.swift"]

    /// The Swift files, those of C and its headers, below one of `folders` or anywhere.
    func code(in folders: String...) -> [SourceFile] {
        self.files.filter { file in
            file.language != .other && (folders.isEmpty || folders.contains { file.path.hasPrefix($0 + "/") })
        }
    }

    // MARK: - Private

    private static func readFiles(below root: URL) -> [String: String] {
        var texts: [String: String] = [:]
        var paths = self.rootFiles
        for folder in self.folders {
            let found = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            while let path = found?.nextObject() as? String {
                guard !path.contains("__pycache__") else { continue }
                paths.append(folder + "/" + path)
            }
        }
        for path in paths {
            let url = root.appending(path: path)
            // What is not text (a folder, a picture) has nothing that these rules could read.
            if let data = try? Data(contentsOf: url), let text = String(data: data, encoding: .utf8) {
                texts[path] = text
            }
        }
        return texts
    }
}

/// One file, as written and as code alone.
struct SourceFile: Sendable {
    enum Language: Sendable {
        case swift, c, other
    }

    /// The path from the package's folder, with `/`.
    let path: String
    let text: String
    let language: Language
    /// The lines as written.
    let lines: [String]
    /// The same lines with comments and the insides of strings blanked.
    let codeLines: [String]
    /// The code as words and signs, with the line (from 1) of each.
    let tokens: [Token]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        switch URL(filePath: path).pathExtension {
        case "swift": self.language = .swift
        case "c", "h": self.language = .c
        default: self.language = .other
        }
        self.lines = Self.split(text)
        guard self.language != .other else {
            self.codeLines = []
            self.tokens = []
            return
        }
        let code = CodeMask.mask(text, language: self.language)
        self.codeLines = Self.split(code)
        self.tokens = Token.tokens(of: code)
    }

    /// The name without folder and extension.
    var stem: String { URL(filePath: self.path).deletingPathExtension().lastPathComponent }

    /// The module a file below `Sources` belongs to.
    var module: String? {
        let parts = self.path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// A final line break ends the last line and does not begin another.
    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

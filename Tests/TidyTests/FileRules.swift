//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Foundation

extension Rule {
    static let fileLineLimit = 800
    static let functionLineLimit = 70

    private static let headerLines = [
        "//",
        "// This source file is part of the Penstock open source project",
        "//",
        "// Copyright (c) the Penstock project authors",
        "// Licensed under Apache License v2.0",
        "//",
        "// SPDX-License-Identifier: Apache-2.0",
        "//",
    ]

    /// What may stand above the header: the tools' version, a script's first line, or a snippet's mark that hides it.
    private static let aboveHeader = ["// swift-tools-version:", "#!", "// snippet.hide"]

    /// Each Swift and C file begins with the project's header.
    static let header = Rule(name: "header") { checkout in
        checkout.code().compactMap { file in
            var lines = file.lines[...]
            if let first = lines.first, aboveHeader.contains(where: first.hasPrefix) { lines = lines.dropFirst() }
            guard !lines.starts(with: headerLines) else { return nil }
            let advice = "begin the file with the header that Package.swift has: who holds the rights, the licence"
            return Finding(path: file.path, line: 1, advice: advice)
        }
    }

    /// No file of `Sources` is longer than people can hold in mind.
    static let fileLength = Rule(name: "file length") { checkout in
        checkout.code(in: "Sources").filter { $0.lines.count > fileLineLimit }.map {
            Finding(
                path: $0.path,
                line: fileLineLimit + 1,
                advice: "\($0.lines.count) lines, at most \(fileLineLimit): give a part with a name a file of its own"
            )
        }
    }

    /// No function of `Sources` is longer than a screen.
    static let functionLength = Rule(name: "function length") { checkout in
        checkout.code(in: "Sources").flatMap { file in
            FunctionSpan.spans(in: file).filter { $0.lineCount > functionLineLimit }.map {
                Finding(
                    path: file.path,
                    line: $0.firstLine,
                    advice: "\($0.name) has \($0.lineCount) lines, at most \(functionLineLimit): name its steps"
                )
            }
        }
    }

    /// Braces come in pairs; otherwise the lengths of functions were counted wrongly.
    static let braces = Rule(name: "braces") { checkout in
        checkout.code().compactMap { file in
            FunctionSpan.unbalancedLine(in: file).map {
                let advice = "a brace without its partner: close it, and write regular expressions as #/.../#"
                return Finding(path: file.path, line: $0, advice: advice)
            }
        }
    }

    private static let emptyNames: Set<String> = [
        "common", "helper", "helpers", "misc", "util", "utilities", "utility", "utils",
    ]

    /// A file is named for what it holds.
    static let fileName = Rule(name: "file name") { checkout in
        checkout.code().compactMap { file in
            // The last word of `StringUtils`, `String+Utils` and `string_utils` alike.
            let last = file.stem.split { "+_-.".contains($0) }.last.map(String.init) ?? file.stem
            let word = last.lastIndex(where: \.isUppercase).map { String(last[$0...]) } ?? last
            guard emptyNames.contains(word.lowercased()) else { return nil }
            let advice = "\(word) says nothing: name the file for its main type or for what its functions do"
            return Finding(path: file.path, line: 1, advice: advice)
        }
    }

    /// Each page of a documentation catalogue can be reached from its landing page.
    static let documentation = Rule(name: "documentation") { checkout in
        let pages = checkout.files.filter { $0.path.contains(".docc/") && $0.path.hasSuffix(".md") }
        let catalogues = Dictionary(grouping: pages) { $0.path.components(separatedBy: ".docc/")[0] + ".docc" }
        return catalogues.sorted { $0.key < $1.key }.flatMap { catalogue, pages -> [Finding] in
            // The landing page is titled with the module's name alone: # ``Penstock``
            let isLanding = { (page: SourceFile) in symbol(of: page).map { !$0.contains("/") } ?? false }
            guard let landing = pages.first(where: isLanding) else {
                let advice = "no landing page: add one whose title is the module's name in double backticks"
                return [Finding(path: catalogue, line: 1, advice: advice)]
            }
            return pages.filter { $0.path != landing.path }.compactMap { page in
                let links = symbol(of: page).map { symbol in
                    ["``\(symbol)``", "``\(symbol.split(separator: "/").dropFirst().joined(separator: "/"))``"]
                }
                guard !(links ?? ["<doc:\(page.stem)>"]).contains(where: landing.text.contains) else { return nil }
                let advice = "nothing in \(landing.path) leads here: add <doc:\(page.stem)> to its Topics"
                return Finding(path: page.path, line: 1, advice: advice)
            }
        }
    }

    /// The symbol that a page's title names.
    private static func symbol(of page: SourceFile) -> String? {
        guard let title = page.lines.first(where: { $0.hasPrefix("# ") }) else { return nil }
        guard title.hasPrefix("# ``"), title.hasSuffix("``") else { return nil }
        return String(title.dropFirst(4).dropLast(2))
    }
}

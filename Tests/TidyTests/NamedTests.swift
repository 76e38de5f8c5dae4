//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension Rule {
    /// The page that says which test shows which behaviour.
    private static let behavioursPage = "Sources/Penstock/Documentation.docc/Behaviours.md"

    /// Each test that the page about behaviours names is there.
    static let behaviours = Rule(name: "behaviours") { checkout in
        guard let page = checkout.files.first(where: { $0.path == behavioursPage }) else { return [] }
        let tests = namedTests(in: checkout)
        return page.lines.enumerated().flatMap { number, line in
            codeSpans(of: line).filter { $0.contains("/") && !tests.contains($0) }.map {
                let advice = "no test is named \($0): name one of those in Tests, as `Suite/function name`"
                return Finding(path: page.path, line: number + 1, advice: advice)
            }
        }
    }

    /// The tests as `Suite/function name`. Of a file with several suites each function counts for all of them.
    private static func namedTests(in checkout: Checkout) -> Set<String> {
        var tests: Set<String> = []
        for file in checkout.code(in: "Tests") where file.language == .swift {
            var (suites, functions, isTest) = ([String](), [String](), false)
            for (token, next) in zip(file.tokens, file.tokens.dropFirst()) {
                switch token.text {
                case "struct", "class", "actor", "enum", "extension":
                    if next.text.hasSuffix("Tests") { suites.append(next.text) }
                case "@": if next.text == "Test" { isTest = true }
                case "func":
                    if isTest { functions.append(name(at: next, in: file)) }
                    isTest = false
                default: break
                }
            }
            for suite in suites {
                for function in functions { tests.insert("\(suite)/\(function)") }
            }
        }
        return tests
    }

    /// A function's name without its backticks; between them may stand what cuts tokens.
    private static func name(at token: Token, in file: SourceFile) -> String {
        guard token.text.hasPrefix("`") else { return token.text }
        return codeSpans(of: file.lines[token.line - 1]).first ?? token.text
    }

    /// What stands between single backticks; between double ones are symbols.
    private static func codeSpans(of line: String) -> [String] {
        var spans: [String] = []
        var rest = line[...]
        while let start = rest.firstIndex(of: "`") {
            let marks = rest[start...].prefix { $0 == "`" }
            rest = rest[marks.endIndex...]
            guard let end = rest.firstRange(of: marks) else { break }
            if marks.count == 1 { spans.append(String(rest[..<end.lowerBound])) }
            rest = rest[end.upperBound...]
        }
        return spans
    }
}

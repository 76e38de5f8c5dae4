//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Yams

/// Parses the text of a pipeline file into values with places.
///
/// Everything that could cost more than the file's own size is bounded before it happens: the parser hashes keys and
/// the values below share what aliases repeat, so few aliases in a small file may stand for many values.
enum YAMLDocument {
    /// The most aliases a file may use.
    ///
    /// Sixteen, nested at their worst, repeat a text about 360 times.
    static let aliasesMax = 16
    /// The largest file that may use aliases, in characters.
    static let aliasedScalarsMax = 64 << 10
    /// The most lists and maps that a file with aliases may open, on lines of their own or in brackets.
    ///
    /// Nested in each other through aliases they come to a depth that recursion still bears; without aliases the
    /// parser sets the bound.
    static let aliasedNestingMax = 1000
    /// The most values a file may hold once its aliases stand for what they name.
    static let valuesMax = 100_000
    /// The most repeated keys that are looked for; each costs a parse.
    static let repeatedKeysMax = 32
    /// The most characters that are parsed again for repeated keys: a second's work.
    static let reparsedScalarsMax = 2 << 20

    /// What a file holds, and what is wrong with its YAML.
    struct Outcome {
        /// The value at the top; nil for an empty file, or when the YAML is wrong.
        var root: YAMLValue?
        var diagnostics: [Diagnostic] = []
    }

    /// Parses a text.
    static func parse(_ source: SourceText) -> Outcome {
        if let diagnostic = Self.aliasProblem(in: source) {
            return Outcome(diagnostics: [diagnostic])
        }
        var renamed = RenamedKeys(source)
        let repeatedKeysMax = min(Self.repeatedKeysMax, Self.reparsedScalarsMax / max(1, source.scalars.count))
        while true {
            do throws(YAMLProblem) {
                guard let node = try Self.compose(renamed.text) else { return Outcome() }
                var converter = NodeConverter(renamed: renamed)
                let root = converter.value(of: node)
                if converter.count > Self.valuesMax {
                    return Outcome(diagnostics: [Self.tooManyValues])
                }
                return Outcome(root: root, diagnostics: converter.diagnostics)
            } catch {
                switch error {
                case .syntax(let diagnostic):
                    // A file that parsed until a key was renamed has no other fault than the repeated key.
                    return Outcome(diagnostics: [renamed.last.map(Self.repeated(_:)) ?? diagnostic])
                case .repeatedKey(let key, let place):
                    guard renamed.keys.count < repeatedKeysMax, renamed.rename(key, at: place) else {
                        return Outcome(diagnostics: [Self.repeated((key, place))])
                    }
                }
            }
        }
    }

    // MARK: - Private

    private static let tooManyValues = Diagnostic(
        nil,
        "the file holds more than \(grouped(Self.valuesMax)) values once its aliases are expanded",
        hint: "write the file without aliases (*name)"
    )

    private static func repeated(_ key: (name: String, place: Place)) -> Diagnostic {
        Diagnostic(key.place, "the key '\(key.name)' is given twice in one map", hint: "keep one of them")
    }

    private static func compose(_ text: String) throws(YAMLProblem) -> Node? {
        do {
            // The basic resolver: the default one compiles seven regular expressions, and we judge scalars ourselves.
            return try Yams.compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw YAMLProblem(error, text: text)
        } catch {
            throw .syntax(Diagnostic(nil, "the YAML cannot be read: \(error)"))
        }
    }

    /// Refuses a file whose aliases could stand for far more than it holds.
    ///
    /// Counts `*name` and `&name` where a value
    /// may begin, and takes those inside quotes for aliases too.
    private static func aliasProblem(in source: SourceText) -> Diagnostic? {
        var anchors = 0
        var nesting = 0
        var aliases: [Int] = []
        var mayBegin = true
        var inComment = false
        let scalars = source.scalars
        for (index, scalar) in scalars.enumerated() {
            if SourceText.isBreak(scalar) {
                (mayBegin, inComment) = (true, false)
                continue
            }
            if inComment { continue }
            if mayBegin, "[{-?".unicodeScalars.contains(scalar) { nesting += 1 }
            if mayBegin, scalar == "#" {
                inComment = true
            } else if mayBegin, scalar == "*" || scalar == "&", index + 1 < scalars.count,
                Self.isName(scalars[index + 1])
            {
                if scalar == "*" { aliases.append(index) } else { anchors += 1 }
            }
            mayBegin = " \t[]{},:?-\"'".unicodeScalars.contains(scalar)
        }
        guard anchors > 0, let first = aliases.first else { return nil }
        if aliases.count > Self.aliasesMax {
            return Diagnostic(
                source.place(of: aliases[Self.aliasesMax]),
                "the file uses more than \(Self.aliasesMax) aliases (*name)",
                hint: "write the values out"
            )
        }
        if scalars.count > Self.aliasedScalarsMax {
            return Diagnostic(
                source.place(of: first),
                "a file that uses aliases (*name) may hold at most \(grouped(Self.aliasedScalarsMax)) characters",
                hint: "write the values out"
            )
        }
        if nesting > Self.aliasedNestingMax {
            return Diagnostic(
                source.place(of: first),
                "a file that uses aliases (*name) may open at most \(grouped(Self.aliasedNestingMax)) lists and maps",
                hint: "write the values out"
            )
        }
        return nil
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-")
    }
}

/// Why the YAML parser stopped.
enum YAMLProblem: Error {
    /// The YAML itself is wrong.
    case syntax(Diagnostic)
    /// A key stands twice in one map; the place is the first one's.
    case repeatedKey(String, Place)

    init(_ error: YamlError, text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = Place(line: mark.line, column: mark.column)
            self = .syntax(Self.diagnostic(problem, context: context?.text, place: place, text: text))
        case .reader(let problem, let offset, let value, _):
            var place: Place?
            if let offset {
                let index = text.index(text.startIndex, offsetBy: offset)
                place = SourceText(text).place(ofUTF8Offset: text.utf8.distance(from: text.startIndex, to: index))
            }
            let code = value >= 0 ? " (U+\(String(value, radix: 16, uppercase: true)))" : ""
            self = .syntax(
                Diagnostic(place, "\(problem)\(code)", hint: "remove it, or write it as an escape in quotes")
            )
        case .duplicatedKeysInMapping(let keys, let context):
            self = .repeatedKey(keys.first ?? "", Place(line: context.mark.line, column: context.mark.column))
        case .memory:
            self = .syntax(Self.tooDeep(nil))
        default:
            self = .syntax(Diagnostic(nil, "the YAML cannot be read: \(error)"))
        }
    }

    // MARK: - Private

    private static func tooDeep(_ place: Place?) -> Diagnostic {
        Diagnostic(place, "the YAML is nested too deeply", hint: "a pipeline file needs six levels")
    }

    private static func diagnostic(_ problem: String, context: String?, place: Place, text: String) -> Diagnostic {
        if problem.contains("found another document") {
            return Diagnostic(
                place,
                "the file holds more than one YAML document",
                hint: "one file is one pipeline: remove this '---', or put what follows in a file of its own"
            )
        }
        if problem.contains("nesting level") { return Self.tooDeep(place) }
        let scalar = SourceText(text)[place]
        let context = context.map { " \($0)" } ?? ""
        return Diagnostic(place, "YAML: \(problem)\(context)", hint: Self.hint(for: problem, at: scalar))
    }

    /// What most often lies behind what the parser says.
    private static func hint(for problem: String, at scalar: Unicode.Scalar?) -> String? {
        if scalar == "\t" || problem.contains("tab") { return "indent with spaces; YAML takes no tabs" }
        if problem.contains("mapping values are not allowed") {
            return "quote a value that has ': ' in it; check that this line is indented like its neighbours"
        }
        if problem.contains("undefined alias") { return "a value that begins with '*' must be quoted" }
        if problem.contains("',' or '}'") { return "close the map with '}', and put ',' between its keys" }
        if problem.contains("',' or ']'") { return "close the list with ']', and put ',' between its values" }
        if problem.contains("expected key") || problem.contains("'-' indicator") || problem.contains("block end") {
            return "indent the keys of one map alike; quote a value that goes on after a closing quote"
        }
        if problem.contains("could not find expected ':'") { return "write 'key: value', with a space after the ':'" }
        if problem.contains("cannot start any token") { return "quote a value that begins with this character" }
        if problem.contains("end of stream") { return "close the quote" }
        return nil
    }
}

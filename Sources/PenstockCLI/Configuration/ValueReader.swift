//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Reads typed values and notes what is wrong with them, so that all of it is found at once.
struct ValueReader {
    var diagnostics: [Diagnostic] = []
    /// The keys that each map may have which was read, by what it is: so a test holds the schema to them.
    private(set) var knownKeys: [String: [String]] = [:]

    /// Whether what is found from here on will be shown: of very many faults only the first are.
    private var isSuggesting: Bool { self.diagnostics.count < 1000 }

    /// Notes that something is wrong.
    mutating func fail(_ place: Place, _ message: String, hint: String? = nil) {
        self.diagnostics.append(Diagnostic(place, message, hint: hint))
    }

    /// A map's entries by key.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - what: What the map is, for messages: `queue`, `source 'in'`.
    ///   - known: The keys it may have.
    ///   - required: The keys it must have, each with an example of what to write.
    mutating func fields(
        of value: YAMLValue,
        what: String,
        known: [String],
        required: [String: String] = [:]
    ) -> [String: YAMLValue]? {
        self.knownKeys[what] = known
        guard let entries = self.entries(of: value, what: what, example: "\(known[0]): …") else { return nil }
        var fields: [String: YAMLValue] = [:]
        var meant = Set<String>()
        for entry in entries {
            if known.contains(entry.key) {
                fields[entry.key] = entry.value
            } else {
                self.unknown(entry, what: what, known: known)
                if self.isSuggesting, let nearest = Suggestion.nearest(to: entry.key, among: known) {
                    meant.insert(nearest)
                }
            }
        }
        // A slip in a required key is one fault, not two; nor does one lack what a merge key would have brought.
        let isMerged = entries.contains { $0.key == "<<" }
        for key in isMerged ? [] : required.keys.sorted() where fields[key] == nil && !meant.contains(key) {
            self.fail(value.place, "\(what) has no '\(key)'", hint: required[key].map { "write \($0)" })
        }
        return fields
    }

    /// A map's entries, whatever their keys.
    mutating func entries(of value: YAMLValue, what: String, example: String) -> [YAMLValue.Entry]? {
        guard self.checkTag(of: value) else { return nil }
        guard case .map(let entries) = value.content else {
            self.wrongType(value, what: what, wanted: "a map of keys", hint: "write '\(example)' on lines of their own")
            return nil
        }
        return entries
    }

    /// A list's values.
    mutating func list(_ value: YAMLValue, what: String, hint: String) -> [YAMLValue]? {
        guard self.checkTag(of: value) else { return nil }
        guard case .list(let list) = value.content else {
            self.wrongType(value, what: what, wanted: "a list", hint: hint)
            return nil
        }
        return list
    }

    /// A text.
    mutating func text(_ value: YAMLValue, what: String) -> String? {
        guard self.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning == .text else {
            var hint: String?
            if case .scalar(let scalar) = value.content, scalar.meaning != .null {
                hint = "quote it: \"\(scalar.text)\""
            }
            self.wrongType(value, what: what, wanted: "text", hint: hint)
            return nil
        }
        guard !scalar.text.isEmpty else {
            self.fail(value.place, "\(what) is empty")
            return nil
        }
        guard !scalar.text.unicodeScalars.contains("\0") else {
            self.fail(value.place, "\(what) has a NUL character in it")
            return nil
        }
        return scalar.text
    }

    /// True or false.
    mutating func boolean(_ value: YAMLValue, what: String) -> Bool? {
        guard self.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning == .boolean else {
            self.wrongType(value, what: what, wanted: "true or false", hint: "true or false, without quotes")
            return nil
        }
        return scalar.text.lowercased() == "true"
    }

    /// A whole number.
    mutating func integer(_ value: YAMLValue, what: String, in range: ClosedRange<Int>) -> Int? {
        let hint =
            range.upperBound == .max
            ? "a whole number from \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(grouped(range.upperBound))"
        guard self.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning == .number else {
            self.wrongType(value, what: what, wanted: "a whole number", hint: hint)
            return nil
        }
        guard let number = Int(scalar.text) else {
            self.fail(value.place, "\(what) must be a whole number, not '\(shown(scalar.text))'", hint: hint)
            return nil
        }
        guard range.contains(number) else {
            self.fail(value.place, "\(what) must not be \(number)", hint: hint)
            return nil
        }
        return number
    }

    /// A number with a unit.
    mutating func quantity<Value>(
        _ value: YAMLValue,
        what: String,
        example: String,
        _ read: (String) throws(Quantity.Problem) -> Value
    ) -> Value? {
        guard self.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning == .text || scalar.meaning == .number else {
            self.wrongType(value, what: what, wanted: "a number with a unit", hint: "such as \(example)")
            return nil
        }
        do throws(Quantity.Problem) {
            return try read(scalar.text)
        } catch {
            self.fail(value.place, "\(what): \(error.message)", hint: error.hint)
            return nil
        }
    }

    /// One word of a few.
    mutating func choice(_ value: YAMLValue, what: String, of words: [String]) -> String? {
        guard self.checkTag(of: value) else { return nil }
        guard case .scalar(let scalar) = value.content, scalar.meaning != .null else {
            self.wrongType(value, what: what, wanted: "a word", hint: "one of: \(words.joined(separator: ", "))")
            return nil
        }
        guard words.contains(scalar.text) else {
            let nearest = Suggestion.nearest(to: scalar.text, among: words).map { "did you mean '\($0)'? " } ?? ""
            self.fail(
                value.place,
                "\(what) cannot be '\(shown(scalar.text))'",
                hint: "\(nearest)one of: \(words.joined(separator: ", "))"
            )
            return nil
        }
        return scalar.text
    }

    /// Notes something that is planned and does not run yet.
    mutating func unavailable(_ place: Place, _ what: String, hint: String) {
        self.fail(place, "\(what) is not available in this version", hint: hint)
    }

    /// Notes a value of the wrong kind.
    mutating func wrongType(_ value: YAMLValue, what: String, wanted: String, hint: String?) {
        self.fail(value.place, "\(what) must be \(wanted), not \(value.kindName)", hint: hint)
    }

    /// Notes a key that is not known.
    mutating func unknown(_ entry: YAMLValue.Entry, what: String, known: [String]) {
        if entry.key == "<<" {
            self.fail(entry.place, "merge keys (<<) are not taken", hint: "write the keys out")
            return
        }
        self.fail(
            entry.place,
            "unknown key '\(shown(entry.key))' in \(what)",
            hint: self.isSuggesting ? Suggestion.hint(for: entry.key, among: known) : nil
        )
    }

    /// Refuses a value that a tag such as `!name` stands before.
    mutating func checkTag(of value: YAMLValue) -> Bool {
        guard let tag = value.tag else { return true }
        self.fail(
            value.place,
            "'\(shown(tag))' is a YAML tag, which means nothing here",
            hint: "quote a value that begins with '!'"
        )
        return false
    }
}

/// A text from a file, short enough for a message and without characters that would move the terminal.
func shown(_ text: String) -> String { shown(text, limit: 60) }

/// A text from a file, at most `limit` characters of it, without characters that would move the terminal.
func shown(_ text: String, limit: Int) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
            result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > limit ? result + "…" : result
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Makes an object of a line of text, or of a field that holds text.
struct ParseStep: Sendable {
    /// How a text is taken apart.
    private enum Form: Sendable {
        case pattern(PatternProgram, [ParseDescription.ValueType])
        case apache
    }

    private let form: Form
    /// The names of the groups, as JSON keys with their colons.
    private let labels: [[UInt8]]
    private let names: [[UInt8]]
    /// The field that holds the text; nil for the line.
    private let field: Int?
    private let paths: FieldPaths

    /// Creates a step.
    ///
    /// - Parameters:
    ///   - what: What it does; checked by ``ParseDescription/problem``.
    ///   - fields: Where the field is asked for that holds the text.
    init(_ what: ParseDescription, fields: inout FieldSet) throws(PatternError) {
        switch what.form {
        case .pattern(let text):
            let program = try PatternParser.parse(text)
            self.form = .pattern(program, program.names.map { what.types[$0] ?? .string })
        case .apacheCombined: self.form = .apache
        }
        let names = try what.names()
        self.labels = names.map(ObjectWriter.label)
        self.names = names.map { Array($0.utf8) }
        var paths = FieldPaths()
        self.field = what.field.map { paths.add(FieldPaths.split($0), fields: &fields) }
        self.paths = paths
    }

    /// Appends the object; or says why the text is none.
    func apply(to event: EventView, _ output: inout [UInt8], _ desk: inout RewriteDesk) -> String? {
        guard let field = self.field else {
            let line = event.line.bindMemory(to: UInt8.self)
            var writer = ObjectWriter(&output)
            if let problem = self.append(line, &writer, &output, &desk) { return "parse: \(problem)" }
            writer.end(&output)
            return nil
        }
        let found = self.paths.find(field, in: event)
        guard found.kind == .string || found.kind == .escapedString else {
            if found.kind == .absent { return "parse: \(self.paths.problem(field, in: event))" }
            return "parse: '\(self.paths.names[field].joined(separator: "."))' is \(found.kind.name), not a string"
        }
        var writer = ObjectWriter(&output)
        JSONMember.forEach(of: event.object, in: event) { key, value in
            let givesWay = self.names.contains { name in
                name.withUnsafeBufferPointer { JSONMember.key(key, of: event, is: $0) }
            }
            if givesWay { return }
            writer.key(event.source(of: key), &output)
            output.append(UInt8(ascii: ":"))
            output.append(contentsOf: event.source(of: value))
        }
        var problem: String?
        if found.kind == .string {
            problem = self.append(event.bytes(of: found), &writer, &output, &desk)
        } else {
            var text: [UInt8] = []
            swap(&text, &desk.text)
            text.removeAll(keepingCapacity: true)
            text.append(contentsOf: JSONText(event.bytes(of: found)))
            problem = text.withUnsafeBufferPointer { self.append($0, &writer, &output, &desk) }
            swap(&text, &desk.text)
        }
        writer.end(&output)
        return problem.map { "parse: \($0)" }
    }

    // MARK: - Private

    private func append(
        _ text: UnsafeBufferPointer<UInt8>,
        _ writer: inout ObjectWriter,
        _ output: inout [UInt8],
        _ desk: inout RewriteDesk
    ) -> String? {
        guard text.count <= PatternMatcher.textBytesMax else { return "the text is longer than 64 KiB" }
        guard isASCII(text) || String(validating: text, as: UTF8.self) != nil else { return "the text is not UTF-8" }
        switch self.form {
        case .apache: return ApacheLine.append(text, self.labels, &writer, &output)
        case .pattern(let program, let types):
            guard desk.matcher.matches(text, program) else { return "the text does not match the pattern" }
            for (group, label) in self.labels.enumerated() {
                let (start, end) = (desk.matcher.saved[2 * group], desk.matcher.saved[2 * group + 1])
                writer.key(label, &output)
                guard start >= 0, end >= start else {
                    output.append(contentsOf: "null".utf8)
                    continue
                }
                let value = UnsafeBufferPointer(rebasing: text[start..<end])
                if !types[group].append(value, &output) {
                    let shown = String(decoding: value.prefix(40), as: UTF8.self)
                    return "'\(program.names[group])' is '\(shown)', which is no \(types[group].rawValue)"
                }
            }
            return nil
        }
    }
}

/// Whether bytes are ASCII, eight at a time.
private func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    let raw = UnsafeRawBufferPointer(bytes)
    while at + 8 <= raw.count {
        if raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
        at += 8
    }
    return raw[at...].allSatisfy { $0 < 0x80 }
}

extension ParseDescription.ValueType {
    /// Appends a text as a value of this type; false when it is none.
    ///
    /// A number that is empty or `-`, as logs write one that is missing, is null.
    func append(_ text: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) -> Bool {
        if self == .string {
            appendJSONString(text, to: &output)
            return true
        }
        if text.isEmpty || text.count == 1 && text[0] == UInt8(ascii: "-") {
            output.append(contentsOf: "null".utf8)
            return true
        }
        if Self.isPlainInteger(text) {
            output.append(contentsOf: text)
            return true
        }
        let string = String(decoding: text, as: UTF8.self)
        if let integer = Int64(string) {
            output.append(contentsOf: String(integer).utf8)
            return true
        }
        guard self == .number, text.count < 400, let double = Double(string), double.isFinite else { return false }
        output.append(contentsOf: "\(double)".utf8)
        return true
    }

    /// Whether a text is an integer as JSON writes it, and one that surely fits.
    private static func isPlainInteger(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let digits = text[0] == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard digits.count <= 18, let first = digits.first else { return false }
        guard first != UInt8(ascii: "0") || text.count == 1 else { return false }
        return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

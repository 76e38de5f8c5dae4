//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

/// A text with what is left of it when all but code is blank.
struct MaskSample: Sendable, CustomStringConvertible {
    let text: String
    /// With `~` for every blank.
    let expected: String

    init(_ text: String, _ expected: String) {
        self.text = text
        self.expected = expected.replacing(" ", with: "~")
    }

    var description: String { self.text.debugDescription }

    func masked(as language: SourceFile.Language) -> String {
        CodeMask.mask(self.text, language: language).replacing(" ", with: "~")
    }
}

@Suite("What is code and what is not")
struct CodeMaskTests {
    @Test(arguments: [
        MaskSample("a // b { \" c\nd", "a ~~~~~~~~~~\nd"),
        MaskSample("a /* { */ b", "a ~~~~~~~ b"),
        MaskSample("a /* /* { */ \" */ b", "a ~~~~~~~~~~~~~~~ b"),
        MaskSample(#"let a = "x { y" + b"#, #"let a = "~~~~~" + b"#),
        MaskSample(#"let a = "x \" { y" + b"#, #"let a = "~~~~~~~~" + b"#),
        MaskSample(#"let a = "// no comment" // one"#, #"let a = "~~~~~~~~~~~~~" ~~~~~~"#),
        MaskSample(#"f("a \(b { c }) d")"#, #"f("~~~(b { c })~~")"#),
        MaskSample(#"f("a \(b(c, "d { \(e)")) { f")"#, #"f("~~~(b(c, "~~~~~(e)"))~~~~")"#),
        MaskSample(##"f(#"a " { \(b) \#(c)"#)"##, ##"f(#"~~~~~~~~~~~~~(c)"#)"##),
        MaskSample("f(\"\"\"\n  a { \" \\(b)\n  \"\"\") }", "f(\"\"\"\n~~~~~~~~~(b)\n~~\"\"\") }"),
        MaskSample("a(#\"\"\"\"#, #\"\"\"#) {", "a(#\"~~\"#, #\"~\"#) {"),
        MaskSample("let a = #/[{\"]/# + b", "let a = #/~~~~/# + b"),
        MaskSample("#if os(Linux)\n{", "#if os(Linux)\n{"),
        MaskSample("\"no end {\nb }", "\"~~~~~~~~\nb }"),
        MaskSample("é // é\n\"é\" {", "é ~~~~~\n\"~~\" {"),
    ])
    func masksSwift(_ sample: MaskSample) {
        #expect(sample.masked(as: .swift) == sample.expected)
    }

    @Test(arguments: [
        MaskSample("c = '{'; d = '\\''; e = '\"'; {", "c = ~~~; d = ~~~~; e = ~~~; {"),
        MaskSample("/* /* { */ a", "~~~~~~~~~~ a"),
        MaskSample("s = \"a \\\" \\( {\"; b", "s = \"~~~~~~~~~\"; b"),
        MaskSample("#include \"x.h\"\n", "#include \"~~~\"\n"),
    ])
    func masksC(_ sample: MaskSample) {
        #expect(sample.masked(as: .c) == sample.expected)
    }

    @Test func cutsTokens() {
        let tokens = Token.tokens(of: "func `init`(_ a: Int)\n    -> b2 {}")
        #expect(tokens.map(\.text) == ["func", "`init`", "(", "_", "a", ":", "Int", ")", "-", ">", "b2", "{", "}"])
        #expect(tokens.last?.line == 2)
        #expect(Token.tokens(of: "a! b\n! (c)").map(\.isAttached) == [false, true, false, false, false, true, true])
    }
}

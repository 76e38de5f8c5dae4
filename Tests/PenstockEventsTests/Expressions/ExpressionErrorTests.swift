//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents
import Testing

@Suite struct ExpressionErrorTests {
    private static func compile(_ text: String) -> ExpressionError? {
        var fields = FieldSet()
        do throws(ExpressionError) {
            _ = try FilterExpression(text, fields: &fields)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("", "the expression is empty", 0, nil),
            ("  \n", "the expression is empty", 0, nil),
            ("delay = 60", "'=' is not an operator", 6, "did you mean '=='?"),
            ("a === 1", "unknown operator '==='", 2, "did you mean '=='?"),
            ("a <> 1", "unknown operator '<>'", 2, "did you mean '!='?"),
            ("a => 1", "unknown operator '=>'", 2, "did you mean '>='?"),
            ("a & b", "'&' is not an operator", 2, "did you mean '&&'?"),
            ("a | b", "'|' is not an operator", 2, "did you mean '||'?"),
            ("a and b", "'and' is not an operator", 2, "did you mean '&&'?"),
            ("a OR b", "'OR' is not an operator", 2, "did you mean '||'?"),
            ("not a", "'not' is not an operator", 0, "did you mean '!'?"),
            ("a in b", "'in' is not supported here", 2, "use == and ||"),
            ("é == 1", "unexpected character 'é'", 0, nil),
            ("x == 'é' && ü", "unexpected character 'ü'", 13, nil),
            ("a == “b”", "“ is not a quote", 5, "write strings in plain quotes, \"like this\""),
            ("a == 'b", "string without its closing quote", 5, "close it with '"),
            ("a == \"b\nc\"", "string without its closing quote", 5, "close it with \""),
            ("a == '''b'", "string without its closing quote", 5, "close it with '''"),
            ("a == '\\q'", "unknown escape in a string", 6, "a backslash itself is written \\\\"),
            ("a == '\\u12'", "escape in a string needs 4 digits", 6, nil),
            ("a == '\\ud800'", "escape in a string names no character", 6, nil),
            ("a == '\\389'", "escape in a string needs 3 digits", 6, nil),
            ("a == b'x'", "bytes are not supported", 5, "write a string without 'b'"),
            ("a == 1u", "unsigned numbers are not supported", 5, "leave out the 'u'"),
            ("a > 10s", "'s' after a number", 6, "numbers carry no unit"),
            ("a > 1.", "expected an operator, not '.'", 5, "digits follow the point of a number, as in 1.0"),
            ("a > 1e999", "number too large for a double", 4, nil),
            ("a > -b", "'-' must stand before a number", 4, "arithmetic is not supported"),
            ("a - 1", "'-' is not supported here", 2, "arithmetic is not supported"),
            ("a ? b : c", "'?' is not supported", 2, "filters know == != < <= > >=, && || !, parentheses and has()"),
            ("(a", "'(' is never closed", 0, "close it with ')'"),
            ("a)", "')' without its '('", 1, nil),
            ("a >", "expected a field, a value or '(', not the end of the expression", 3, nil),
            ("a > > b", "expected a field, a value or '(', not '>'", 4, nil),
            ("&& a", "expected a field, a value or '(', not '&&'", 0, nil),
            ("a b", "expected an operator, not 'b'", 2, nil),
            ("a 'b'", "expected an operator, not a string", 2, nil),
            ("has()", "has() takes a field, not ')'", 4, "write has(name) or has(name.inner)"),
            ("has(1)", "has() takes a field, not a number", 4, "write has(name) or has(name.inner)"),
            ("has(a > 1)", "expected ')' after the field of has()", 6, "has() takes one field and nothing else"),
            ("while == 1", "'while' is a reserved word", 0, "a field of this name is written `while`, in backticks"),
            ("a.in == 1", "expected a field name after '.', not 'in'", 2, "other names are written a[\"the name\"]"),
            (
                "a[0] == 1", "expected a field name in quotes after '[', not a number", 2,
                "elements of arrays cannot be reached"
            ),
            ("a['b' == 1", "expected ']' after a field name", 6, nil),
            ("`a", "name without its closing `", 0, "close it with `"),
            ("5", "the expression gives int, not true or false", 0, nil),
            ("a && 'x'", "'&&' takes true or false, not string", 5, nil),
            ("!5", "'!' takes true or false, not int", 1, nil),
            ("1 < 'a'", "int and string have no order", 2, nil),
            ("a < null", "null has no order", 2, "compare it with == or !="),
            ("has(a) > 1", "bool and int have no order", 7, nil),
            ("a < 1 < 2", "bool and int have no order", 6, nil),
        ] as [(String, String, Int, String?)]
    )
    func refuses(_ text: String, _ message: String, _ offset: Int, _ hint: String?) {
        let error = Self.compile(text)
        #expect(error?.message == message)
        #expect(error?.offset == offset)
        if let hint { #expect(error?.hint == hint) }
    }

    @Test(arguments: ["size(a) > 1", "a.size() > 1", "matches(a)"])
    func unknownFunctionsPointToHas(_ text: String) {
        let error = Self.compile(text)
        #expect(error?.message.hasPrefix("unknown function '") == true)
        #expect(error?.hint?.contains("has(field)") == true)
    }

    @Test func largestIntegersAreTold() {
        #expect(Self.compile("a == 9223372036854775807") == nil)
        #expect(Self.compile("a == -9223372036854775808") == nil)
        #expect(Self.compile("a == 9223372036854775808")?.message == "number too large for an int")
        #expect(Self.compile("a == -9223372036854775809")?.message == "number too large for an int")
        #expect(Self.compile("a == 99999999999999999999999")?.message == "number too large for an int")
    }

    @Test func depthAndLengthAreLimited() {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth)
        }
        #expect(Self.compile(nested(64)) == nil)
        #expect(Self.compile(nested(65)) == ExpressionError("expression nested deeper than 64", offset: 64))
        #expect(Self.compile(nested(8_000))?.message == "expression nested deeper than 64")
        #expect(Self.compile(String(repeating: "!(", count: 5_000))?.message == "expression nested deeper than 64")
        #expect(Self.compile(String(repeating: "!", count: 5_001) + "a") == nil)
        #expect(Self.compile("a" + String(repeating: "==a", count: 63)) == nil)
        #expect(Self.compile("a" + String(repeating: "==a", count: 64))?.message == "expression nested deeper than 64")
        #expect(
            Self.compile("a" + String(repeating: " ", count: 16_384))?.message == "expression longer than 16384 bytes"
        )
        #expect(Self.compile("a" + String(repeating: ".a", count: 64))?.message == "path of more than 64 names")
    }

    /// No text makes the compiler or the filter trap.
    @Test func anyTextIsReadOrRefused() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let words = [
            "a", "a.b", "delay", "has(", ")", "(", "[", "]", "'x'", "\"", "'", "\\", "1", "1.5", "-", "!", "==", "!=",
            "<",
            ">=", "&&", "||", "null", "true", " ", ".", "`", "e9", "0x", "r'", "é", "\n", "//", "in", "and",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<12, using: &generator)
            let text = (0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined()
            var fields = FieldSet()
            guard let filter = try? FilterExpression(text, fields: &fields) else {
                let error = Self.compile(text)
                #expect((0...text.utf8.count).contains(error?.offset ?? -1), "seed \(seed): \(text)")
                continue
            }
            let line = ScannedLine(#"{"a":{"b":1},"delay":"\u0078"}"#, fields: fields)
            line.withView { _ = filter.evaluate($0) }
        }
    }
}

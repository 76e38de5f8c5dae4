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

@Suite struct FilterExpressionTests {
    static let event = #"""
        {"delay":66,"ratio":0.5,"big":9007199254740993,"huge":12345678901234567890,"origin":"DFW","esc":"D\u0046W","empty":"",
        "t":true,"f":false,"none":null,"list":[1],"obj":{"a":{"b":"deep"},"x y":7,"in":1},"lone":"\ud800","e":"é","inf":1e999}
        """#.filter { $0 != "\n" }

    static func evaluate(_ text: String, _ event: String = Self.event) throws -> FilterVerdict {
        var fields = FieldSet()
        _ = fields.index(of: "unrelated")
        let filter = try FilterExpression(text, fields: &fields)
        let line = ScannedLine(event, fields: fields)
        #expect(line.problem == nil)
        return line.withView { filter.evaluate($0) }
    }

    @Test(arguments: [
        "delay > 60", "delay >= 66", "delay <= 66", "delay == 66", "delay != 65", "delay < 67", "60 < delay",
        "delay > 60 && origin != \"SFO\"", "origin == 'DFW'", "origin == esc", "esc == 'DFW'", "origin < 'DFX'",
        "origin > 'DF'", "origin >= \"DFW\"", "esc < 'DFX'", "esc > 'D'", "e > 'z'", "e == '\\u00e9'", "e == '\\xe9'",
        "e == '\\351'", "e == '\\U000000e9'", "empty == ''", "empty < origin", "empty <= empty",
        "t", "!f", "!!t", "!!!f", "t && !f", "f || t", "(f || t) && t", "f || t && t", "t || t && f", "t == true",
        "f < t", "t > f", "f <= f", "none == null", "origin != null", "null == null", "has(delay)", "!has(missing)",
        "has(obj.a.b)", "has(obj.a)", "!has(obj.c)", "has(none)", "obj.a.b == 'deep'", "obj[\"x y\"] == 7",
        "obj['a'].b == 'deep'",
        "obj[\"a\"][\"b\"] == \"deep\"", "`delay` == 66", "obj.`x y` == 7", "obj.`in` == 1", "has(obj.`x y`)",
        "delay == 66.0", "66.0 == delay", "delay < 66.5", "delay > 65.9", "ratio == 0.5", "ratio == .5", "ratio < 1",
        "ratio > 4.9e-1", "ratio == 5E-1", "delay == 0x42", "delay > -1", "delay > -1.5", "-1 < delay", "delay != -66",
        "big != 9007199254740992.0", "big > 9007199254740992.0", "big == 9007199254740993",
        "huge > 9223372036854775807", "huge == 12345678901234567890.0", "inf > 1.7e308",
        "delay > -9223372036854775808", "delay == 0066", "origin != 5", "t != 1", "none != false", "list != 1",
        "obj != 'a'",
        "list != obj", "1 != '1'", "1 == 1.0", "delay > 60 == true", "1 < 2 == (2 < 3) == true", "(1 < 2) == (2 < 3)",
        "delay>60&&origin!=\"SFO\"", " \t\n delay > 60 // late\n && t // so", "r'\\d' == '\\\\d'", "R\"a'\" == \"a'\"",
        "'''it's''' == \"it's\"", "\"\"\"a\nb\"\"\" == 'a\\nb'", "'\\a\\b\\f\\v\\?\\`' == '\\x07\\x08\\x0c\\x0b?`'",
        "lone != 'x'", "lone > 'é'", "lone == lone", "(((((t)))))", "has(delay) && delay > 60",
    ])
    func keeps(_ text: String) throws {
        #expect(try Self.evaluate(text) == .keep)
    }

    @Test(arguments: [
        "delay > 66", "delay < 66", "delay == 67", "delay != 66", "origin == 'dfw'", "origin == 'DF'", "esc == 'DFX'",
        "origin != esc", "f", "!t", "t && f", "f || f", "f && t || f", "has(missing)", "none == false", "none == 0",
        "origin == 5", "t == 1", "list == 1", "obj == list", "1 == '1'", "big == 9007199254740992.0", "t < f",
        "origin < 'DF'", "null != null", "delay == '66'", "esc < 'DFW'", "true == false", "delay < 70 < true",
    ])
    func drops(_ text: String) throws {
        #expect(try Self.evaluate(text) == .drop)
    }

    @Test(arguments: [
        ("missing > 1", "no such field: 'missing'"), ("!missing", "no such field: 'missing'"),
        ("missing == null", "no such field: 'missing'"), ("obj.c == 1", "no such field: 'obj.c'"),
        ("obj.c.d == 1", "no such field: 'obj.c'"), ("origin.x == 1", "'origin' is a string, not an object"),
        ("has(missing.x)", "no such field: 'missing'"), ("has(none.x)", "'none' is null, not an object"),
        ("obj.a.b.c == 1", "'obj.a.b' is a string, not an object"),
        ("delay > '60'", "no such overload: int > string"), ("origin < 5", "no such overload: string < int"),
        ("t < 1", "no such overload: bool < int"), ("none >= none", "no such overload: null >= null"),
        ("list < list", "no such overload: array < array"), ("ratio <= f", "no such overload: double <= bool"),
        ("list == list", "no such overload: array == array (objects and arrays do not compare)"),
        ("obj != obj", "no such overload: object != object (objects and arrays do not compare)"),
        ("delay", "the expression gives int, not true or false"),
        ("origin", "the expression gives string, not true or false"),
        ("none", "the expression gives null, not true or false"),
        ("!delay", "no such overload: '!' takes true or false, not int"),
        ("delay && t", "no such overload: '&&' takes true or false, not int"),
        ("f || origin", "no such overload: '||' takes true or false, not string"),
    ])
    func fails(_ text: String, _ reason: String) throws {
        #expect(try Self.evaluate(text) == .failed("filter: " + reason))
    }

    /// `&&` and `||` with true, false, an error and a value that is no bool, on each side.
    @Test func absorbsErrorsThatDoNotDecide() throws {
        let operands = ["t", "f", "missing", "delay"]
        let missing = FilterVerdict.failed("filter: no such field: 'missing'")
        func wrong(_ symbol: String) -> FilterVerdict {
            .failed("filter: no such overload: '\(symbol)' takes true or false, not int")
        }
        for left in operands {
            for right in operands {
                for (symbol, decisive, other) in [("&&", "f", FilterVerdict.keep), ("||", "t", .drop)] {
                    let expected: FilterVerdict
                    if left == decisive || right == decisive {
                        expected = symbol == "&&" ? .drop : .keep
                    } else if let error = [left, right].first(where: { $0 == "missing" || $0 == "delay" }) {
                        expected = error == "missing" ? missing : wrong(symbol)
                    } else {
                        expected = other
                    }
                    #expect(try Self.evaluate("\(left) \(symbol) \(right)") == expected, "\(left) \(symbol) \(right)")
                    #expect(try Self.evaluate("(\(left)) \(symbol) (\(right) \(symbol) \(right))") == expected)
                }
            }
        }
        #expect(try Self.evaluate("missing && t && f") == .drop)
        #expect(try Self.evaluate("missing || f || t") == .keep)
        #expect(try Self.evaluate("(missing > 1 || t) && !(missing && f)") == .keep)
        #expect(try Self.evaluate("!(missing && f)") == .keep)
    }

    @Test func chainsMayBeLong() throws {
        let text = Array(repeating: "delay > 60", count: 1_000).joined(separator: " && ")
        #expect(try Self.evaluate(text) == .keep)
        #expect(try Self.evaluate(text + " && f") == .drop)
    }

    @Test func repeatedFieldsTakeTheLast() throws {
        #expect(try Self.evaluate("a.b == 2", #"{"a":{"b":3},"a":{"b":1,"\u0062":2}}"#) == .keep)
    }

    @Test func readsFieldsThatItNames() throws {
        var fields = FieldSet()
        _ = try FilterExpression("a.x > 1 && b == a.y || has(c.d)", fields: &fields)
        #expect(fields.names == ["a", "b", "c"])
        #expect(throws: ExpressionError.self) { _ = try FilterExpression("d > ", fields: &fields) }
        #expect(fields.names == ["a", "b", "c"])
    }
}

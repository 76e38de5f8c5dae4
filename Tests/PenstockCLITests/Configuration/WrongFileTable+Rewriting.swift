//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WrongFile {
    /// Faults of the steps that make other events.
    static let rewriting: [WrongFile] = [
        .after(
            "select of a text",
            "steps:\n  - select: origin",
            7,
            13,
            "must be a list, not text",
            hint: "[FIELD, FIELD]"
        ),
        .after("empty select", "steps:\n  - select: []", 7, 13, "keeps nothing"),
        .after("select of a number", "steps:\n  - select: [5]", 7, 14, "must be text, not a number", hint: "\"5\""),
        .after("select twice", "steps:\n  - select: [a, b, a]", 7, 20, "'a' is listed twice", hint: "one of them"),
        .after("select a part", "steps:\n  - select: [a, a.b]", 7, 17, "one is a part of the other"),
        .after("select no path", "steps:\n  - select: [a.]", 7, 14, "which is no field path"),
        .after(
            "rename of a list",
            "steps:\n  - rename: [a, b]",
            7,
            13,
            "must be a map of keys, not a list",
            hint: "OLD: NEW"
        ),
        .after("empty rename", "steps:\n  - rename: {}", 7, 13, "is empty", hint: "{ OLD: NEW }"),
        .after("rename to nothing", "steps:\n  - rename: { a: }", 7, 18, "must be text, not nothing"),
        .after("rename of a path", "steps:\n  - rename: { a.b: c }", 7, 15, "only fields at the top"),
        .after("rename to a path", "steps:\n  - rename: { a: b.c }", 7, 18, "only fields at the top"),
        .after("rename to one name", "steps:\n  - rename: { a: c, b: c }", 7, 24, "two fields would be called 'c'"),
        .after("rename to itself", "steps:\n  - rename: { a: a }", 7, 18, "is called so already"),
        .after(
            "parse of objects",
            "steps:\n  - parse: apache_combined",
            7,
            5,
            "events are objects",
            hint: "'field: NAME'"
        ),
        .after(
            "unknown format",
            "decode: lines\nsteps:\n  - parse: apache_comined",
            8,
            12,
            "cannot be 'apache_comined'",
            hint: "did you mean 'apache_combined'?"
        ),
        .after("bare regex", "decode: lines\nsteps:\n  - parse: '(?<a>.)'", 8, 12, "under 'regex'", hint: "{ regex:"),
        .after("empty parse", "decode: lines\nsteps:\n  - parse: {}", 8, 12, "neither 'regex' nor 'format'"),
        .after(
            "regex and format",
            "decode: lines\nsteps:\n  - parse: { regex: '(?<a>.)', format: apache_combined }",
            8,
            40,
            "both 'regex' and 'format'"
        ),
        .after(
            "regex without a group",
            "decode: lines\nsteps:\n  - parse: { regex: '^(.*)$' }",
            8,
            21,
            "no named group",
            hint: "(?<status>"
        ),
        .after(
            "regex that is not closed",
            "decode: lines\nsteps:\n  - parse: { regex: '^(?<a>[ab)$' }",
            8,
            28,
            "this '[' is not closed",
            hint: "']'"
        ),
        .after(
            "regex with lookahead",
            "decode: lines\nsteps:\n  - parse:\n      regex: '(?<a>.)(?!b)'",
            9,
            22,
            "lookahead is not taken"
        ),
        .after(
            "type of no group",
            "decode: lines\nsteps:\n  - parse: { regex: '(?<status>.)', types: { staus: int } }",
            8,
            46,
            "no group 'staus'",
            hint: "did you mean 'status'?"
        ),
        .after(
            "unknown type",
            "decode: lines\nsteps:\n  - parse: { regex: '(?<n>.)', types: { n: integer } }",
            8,
            44,
            "cannot be 'integer'",
            hint: "string, int, number"
        ),
        .after(
            "types of a format",
            "decode: lines\nsteps:\n  - parse: { format: apache_combined, types: { status: int } }",
            8,
            46,
            "knows the types"
        ),
        .after(
            "unknown key of parse",
            "decode: lines\nsteps:\n  - parse: { regexp: '(?<a>.)', regex: '(?<a>.)' }",
            8,
            14,
            "unknown key 'regexp'",
            hint: "did you mean 'regex'?"
        ),
        .after(
            "parse of a field of lines",
            "decode: lines\nsteps:\n  - parse: { regex: '(?<a>.)', field: b }",
            8,
            5,
            "reads a field, which events of 'decode: lines' do not have"
        ),
        .after("select of lines", "decode: lines\nsteps:\n  - select: [a]", 8, 5, "reads fields", hint: "'parse'"),
        .after(
            "rename of raw",
            "decode: raw\nsteps:\n  - rename: { a: b }",
            8,
            5,
            "reads fields",
            hint: "decode: json"
        ),
        .after(
            "filter behind select",
            "steps:\n  - select: [delay, origin]\n  - filter: dely > 60",
            8,
            13,
            "no event has a field 'dely' by then",
            hint: "did you mean 'delay'?"
        ),
        .after(
            "second name of a filter",
            "steps:\n  - select: [delay, origin]\n  - filter: 'delay > 60 && dest == \"ORD\"'",
            8,
            28,
            "no event has a field 'dest'",
            hint: "one of: delay, origin"
        ),
        .after(
            "filter behind rename",
            "steps:\n  - rename: { delay: late }\n  - filter: delay > 60",
            8,
            13,
            "'delay' is called 'late' by then"
        ),
        .after(
            "aggregate behind parse",
            "decode: lines\nsteps:\n  - parse: apache_combined\n  - aggregate: { by: [code], every: 1s, count: n }",
            9,
            23,
            "no event has a field 'code'",
            hint: "one of: client"
        ),
        .after(
            "select behind select",
            "steps:\n  - select: [a, b]\n  - select: [c]",
            8,
            14,
            "no event has a field 'c'"
        ),
        .after(
            "rename behind select",
            "steps:\n  - select: [origin]\n  - rename: { orign: o }",
            8,
            15,
            "no event has a field 'orign'",
            hint: "did you mean 'origin'?"
        ),
        WrongFile(
            "condition on rows",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsteps:\n  - aggregate: { every: 1s, count: n }\n"
                + "sinks:\n  out: { type: stdout, when: count > 5 }\n",
            7,
            30,
            "no event has a field 'count'",
            hint: "one of: n, window_start"
        ),
        .after("unknown step", "steps:\n  - selct: [a]", 7, 5, "unknown key 'selct'", hint: "did you mean 'select'?"),
    ]

    /// Faults of the examples.
    static let tests: [WrongFile] = [
        .after("tests that are a map", "tests: { name: a }", 6, 8, "must be a list, not a map", hint: "- name:"),
        .after(
            "test without name",
            "tests:\n  - { input: [], expect: [] }",
            7,
            5,
            "has no 'name'",
            hint: "what it shows"
        ),
        .after("test without input", "tests:\n  - { name: a, expect: [] }", 7, 5, "has no 'input'"),
        .after("test without expect", "tests:\n  - { name: a, input: [] }", 7, 5, "has no 'expect'"),
        .after(
            "unknown key of a test",
            "tests:\n  - { name: a, input: [], expect: [], daed: 1 }",
            7,
            39,
            "unknown key 'daed' in test 1",
            hint: "did you mean 'dead'?"
        ),
        .after(
            "input that is a number",
            "tests:\n  - { name: a, input: [5], expect: [] }",
            7,
            24,
            "or the text of a line"
        ),
        .after(
            "input of two lines",
            "tests:\n  - { name: a, input: [\"a\\nb\"], expect: [] }",
            7,
            24,
            "an event of 'input' is one line"
        ),
        .after(
            "number that JSON lacks",
            "tests:\n  - { name: a, input: [{ a: 0x1p9999 }], expect: [] }",
            7,
            29,
            "JSON has no number '0x1p9999'"
        ),
        .after(
            "unknown sink of a test",
            "tests:\n  - { name: a, input: [], expect: [], sink: ot }",
            7,
            45,
            "cannot be 'ot'",
            hint: "did you mean 'out'?"
        ),
        .after(
            "unknown sink of expect",
            "tests:\n  - { name: a, input: [], expect: { oot: [] } }",
            7,
            37,
            "unknown key 'oot'",
            hint: "did you mean 'out'?"
        ),
        .after(
            "sink named twice",
            "tests:\n  - { name: a, input: [], expect: { out: [] }, sink: out }",
            7,
            54,
            "names its sinks itself"
        ),
        .after(
            "two ways of dead letters",
            "tests:\n  - { name: a, input: [], expect: [], dead: 1, dead_letters: [x] }",
            7,
            62,
            "both 'dead' and 'dead_letters'"
        ),
        .after(
            "dead letters that are a number",
            "tests:\n  - { name: a, input: [], expect: [], dead_letters: 1 }",
            7,
            53,
            "must be a list, not a number"
        ),
        .after(
            "one name twice",
            "tests:\n  - { name: a, input: [], expect: [] }\n  - { name: a, input: [], expect: [] }",
            8,
            5,
            "is called 'a', like the one on line 7"
        ),
        WrongFile(
            "expect of several sinks",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n  a: { type: stdout }\n  b: { type: \"null\" }\n"
                + "tests:\n  - { name: a, input: [], expect: [] }\n",
            8,
            35,
            "does not say of which sink",
            hint: "sink: a"
        ),
    ]

    /// Faults of files that are followed.
    static let tailing: [WrongFile] = [
        .source("{ type: file, path: a, follow: yes }", 38, "must be true or false, not text"),
        .source("{ type: file, path: a, follow: true, repeat: 2 }", 52, "both followed and repeated"),
        .source("{ type: file, path: a, checkpoint: c }", 42, "needs 'follow: true'"),
        .source("{ type: file, path: a, follow: false, from: end }", 51, "needs 'follow: true'"),
        .source("{ type: file, path: a, follow: true, from: start }", 50, "cannot be 'start'", hint: "beginning, end"),
        .source("{ type: file, path: a, folow: true }", 30, "unknown key 'folow'", hint: "did you mean 'follow'?"),
    ]
}

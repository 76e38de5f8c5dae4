//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WrongFile {
    /// Faults of YAML itself.
    static let yaml: [WrongFile] = [
        WrongFile("empty", "", 1, 1, "the file is empty", hint: "pipeline, sources and sinks"),
        WrongFile("comments only", "# nothing\n\n# here\n", 1, 1, "the file is empty"),
        WrongFile("null", "---\n", 1, 1, "the file is empty"),
        WrongFile("a scalar", "flights\n", 1, 1, "the pipeline file must be a map of keys, not text"),
        WrongFile("a list", "- pipeline: p\n", 1, 1, "the pipeline file must be a map of keys, not a list"),
        .after("two documents", "---\npipeline: q", 6, 1, "more than one YAML document", hint: "remove this '---'"),
        .after("tab", "queue:\n\tevents: 5", 7, 1, "cannot start any token", hint: "no tabs"),
        .after("open map", "queue: { events: 5", 7, 1, "',' or '}'", hint: "close the map"),
        .after("open list", "steps: [ { filter: a }", 7, 1, "',' or ']'", hint: "close the list"),
        .after("open quote", "decode: \"json", 7, 1, "unexpected end of stream", hint: "close the quote"),
        .after("indentation", "queue:\n    events: 5\n  bytes: 1MiB", 8, 3, "did not find expected key", hint: "alike"),
        .after("colon in a value", "steps:\n  - filter: a == b: c", 7, 19, "mapping values", hint: "quote"),
        .after("unknown alias", "decode: *json", 6, 9, "undefined alias", hint: "must be quoted"),
        .after("tag", "steps:\n  - filter: !late", 7, 13, "'!late' is a YAML tag", hint: "quote a value"),
        .after("key of keys", "? { a: 1 }\n: b", 6, 3, "a key must be a name", hint: "key: value"),
        .after("merge key", "queue: { <<: { events: 5 } }", 6, 10, "merge keys", hint: "write the keys out"),
        WrongFile(
            "merge key with an alias",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n  a: &a { type: 'null' }\n  b:\n    <<: *a\n",
            7,
            5,
            "merge keys",
            hint: "write the keys out"
        ),
        .after("control character", "decode: js\u{1}on", 6, 11, "control characters are not allowed (U+1)"),
        .after(
            "repeated key",
            "decode: json\nqueue: {}\ndecode: raw",
            8,
            1,
            "'decode' is given twice; it is first given on line 6, column 1"
        ),
        .after(
            "repeated quoted key",
            "decode: json\n\"decode\": raw",
            7,
            1,
            "'decode' is given twice; it is first given on line 6"
        ),
        .after(
            "repeated key in a map",
            "queue: { events: 5, bytes: 1MiB, events: 6 }",
            6,
            34,
            "'events' is given twice"
        ),
        WrongFile(
            "repeated sink",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout }\n  out: { type: stdout }\n",
            6,
            3,
            "'out' is given twice; it is first given on line 5, column 3",
            hint: "keep one"
        ),
    ]

    /// Faults of the keys at the top.
    static let top: [WrongFile] = [
        WrongFile(
            "no pipeline",
            "sources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout }\n",
            1,
            1,
            "has no 'pipeline'",
            hint: "'pipeline: NAME'"
        ),
        WrongFile(
            "no sources",
            "pipeline: p\nsinks:\n  out: { type: stdout }\n",
            1,
            1,
            "has no 'sources'",
            hint: "sources:"
        ),
        WrongFile("no sinks", "pipeline: p\nsources:\n  in: { type: stdin }\n", 1, 1, "has no 'sinks'", hint: "sinks:"),
        .after("unknown key", "qeue: { events: 5 }", 6, 1, "unknown key 'qeue'", hint: "did you mean 'queue'?"),
        .after(
            "key of another place",
            "filter: a > 1",
            6,
            1,
            "unknown key 'filter'",
            hint: "one of: pipeline, sources"
        ),
        WrongFile(
            "bad name",
            "pipeline: late flights\nsources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout }\n",
            1,
            11,
            "'late flights' has ' ' in it",
            hint: "'late-flights'"
        ),
        WrongFile(
            "name is a list",
            "pipeline: [p]\nsources:\n  in: { type: stdin }\nsinks:\n  out: { type: stdout }\n",
            1,
            11,
            "must be text, not a list"
        ),
        .after(
            "decode",
            "decode: jsonl",
            6,
            9,
            "'decode' cannot be 'jsonl'",
            hint: "did you mean 'json'? one of: json, lines, raw"
        ),
        .after("decode nothing", "decode:", 6, 8, "'decode' must be a word, not nothing", hint: "json, lines, raw"),
        .after("workers 0", "workers: 0", 6, 10, "'workers' must not be 0", hint: "from 1 to 1,024"),
        .after("workers text", "workers: many", 6, 10, "'workers' cannot be 'many'", hint: "auto, or"),
        .after("workers fraction", "workers: 1.5", 6, 10, "must be a whole number, not '1.5'"),
        .after(
            "order by key",
            "order: { key: origin }",
            6,
            8,
            "'order' by key is not available in this version",
            hint: "order: none"
        ),
        .after("order", "order: strict", 6, 8, "'order' cannot be 'strict'", hint: "one of: none"),
        .after(
            "drain without unit",
            "shutdown: { drain: 30 }",
            6,
            20,
            "the time '30' has no unit",
            hint: "ns, us, ms, s, m, h"
        ),
        .after("drain unit", "shutdown: { drain: 30sec }", 6, 20, "unknown unit 'sec'", hint: "ns, us, ms"),
        .after("drain below 0", "shutdown: { drain: -1s }", 6, 20, "'-1s' is below 0"),
        .after("shutdown key", "shutdown: { drian: 30s }", 6, 13, "unknown key 'drian' in 'shutdown'", hint: "'drain'"),
        .after("tests is a map", "tests: { name: a }", 6, 8, "'tests' must be a list, not a map", hint: "'- name: …'"),
        .after(
            "test without expect",
            "tests:\n  - { name: a, input: [] }",
            7,
            5,
            "test 1 has no 'expect'",
            hint: "expect: [ … ]"
        ),
        .after(
            "test input",
            "tests:\n  - { name: a, input: 5, expect: [] }",
            7,
            23,
            "'input' of test 1 must be a list, not a number"
        ),
        .after(
            "test key",
            "tests:\n  - { name: a, input: [], expected: [] }",
            7,
            27,
            "unknown key 'expected' in test 1",
            hint: "'expect'"
        ),
    ]

    /// Faults of the queue.
    static let queue: [WrongFile] = [
        .after("capacity 0", "queue: { events: 0 }", 6, 18, "'queue.events' must not be 0", hint: "from 1"),
        .after("capacity below 0", "queue: { events: -5 }", 6, 18, "'queue.events' must not be -5"),
        .after("capacity fraction", "queue: { events: 1.5 }", 6, 18, "must be a whole number, not '1.5'"),
        .after("capacity text", "queue: { events: \"10\" }", 6, 18, "must be a whole number, not text"),
        .after("capacity huge", "queue: { events: 99999999999999999999 }", 6, 18, "must be a whole number, not '9999"),
        .after(
            "queue is a number",
            "queue: 10000",
            6,
            8,
            "'queue' must be a map of keys, not a number",
            hint: "events: …"
        ),
        .after("bytes without unit", "queue: { bytes: 64 }", 6, 17, "the size '64' has no unit", hint: "MiB"),
        .after("bytes unit", "queue: { bytes: 64mib }", 6, 17, "unknown unit 'mib'", hint: "write 64MiB"),
        .after("bytes 0", "queue: { bytes: 0B }", 6, 17, "'queue.bytes' must not be 0"),
        .after("bytes list", "queue: { bytes: [64MiB] }", 6, 17, "must be a number with a unit, not a list"),
        .after("bytes nonsense", "queue: { bytes: lots }", 6, 17, "'lots' is not a size"),
        .after(
            "when_full",
            "queue: { when_full: drop }",
            6,
            21,
            "cannot be 'drop'",
            hint: "wait, reject, drop_newest, drop_oldest"
        ),
        .after(
            "store later",
            "queue:\n  store: { type: nats, path: queue.db }",
            7,
            18,
            "'queue.store: nats' is not available in this version",
            hint: "store: memory"
        ),
        .after(
            "store without a path",
            "queue:\n  store: { type: sqlite }",
            7,
            10,
            "'queue.store' of type sqlite has no 'path'",
            hint: "path: queue.db"
        ),
        .after(
            "store in memory",
            "queue:\n  store: { type: sqlite, path: \":memory:\" }",
            7,
            32,
            "'queue.store.path' cannot be ':memory:': SQLite does not take it for the path of a file",
            hint: "write './:memory:' for a file of that name"
        ),
        .after(
            "store at an address",
            "queue:\n  store: { type: sqlite, path: \"file::memory:?cache=shared\" }",
            7,
            32,
            "'queue.store.path' cannot be 'file::memory:?cache=shared'",
            hint: "./file::memory:?cache=shared"
        ),
        .after(
            "store as a word",
            "queue:\n  store: sqlite",
            7,
            10,
            "'queue.store' of type sqlite has no 'path'",
            hint: "path: queue.db"
        ),
        .after(
            "store key",
            "queue:\n  store: { type: sqlite, path: queue.db, max_bytes: 1GiB }",
            7,
            42,
            "unknown key 'max_bytes' in 'queue.store' of type sqlite",
            hint: "bytes_max"
        ),
        .after(
            "synchronous",
            "queue:\n  store: { type: sqlite, path: queue.db, synchronous: off }",
            7,
            55,
            "'queue.store.synchronous'",
            hint: "full, normal"
        ),
        .after(
            "dropping what is durable",
            "queue:\n  when_full: drop_oldest\n  store: { type: sqlite, path: queue.db }",
            7,
            14,
            "would drop what a durable queue has promised to keep",
            hint: "wait, reject or drop_newest"
        ),
        .after("store", "queue: { store: disk }", 6, 17, "'queue.store' cannot be 'disk'", hint: "memory, sqlite"),
        .after(
            "store type",
            "queue: { store: { type: sqlit, path: q } }",
            6,
            25,
            "'queue.store.type' cannot be 'sqlit'",
            hint: "did you mean 'sqlite'? one of: memory, sqlite"
        ),
        .after(
            "queue key",
            "queue: { capacity: 5 }",
            6,
            10,
            "unknown key 'capacity' in 'queue'",
            hint: "events, bytes, when_full, store"
        ),
    ]

    /// Faults of sources and sinks.
    static let endpoints: [WrongFile] = [
        WrongFile(
            "too many sinks",
            "pipeline: p\nsources:\n  in: { type: stdin }\nsinks:\n"
                + (1...34).map { "  s\($0): { type: 'null' }\n" }.joined(),
            37,
            3,
            "'sinks' holds 34 sinks, and a pipeline has at most 32",
            hint: "a pipeline of their own"
        ),
        .source("{ path: a }", 7, "source 'in' has no 'type'", hint: "file, stdin, generate"),
        .source("{ typ: file, path: a }", 7, "has no 'type'", hint: "did you mean 'type' by 'typ'?"),
        .source("{ type: flie, path: a }", 15, "unknown type 'flie'", hint: "did you mean 'file'?"),
        .source("{ type: kafka }", 15, "unknown type 'kafka'", hint: "types: file, stdin, generate"),
        .source("{ type: nats }", 15, "type 'nats' of source 'in' is not available in this version"),
        .source("{ type: file }", 7, "source 'in' of type file has no 'path'", hint: "path: events.ndjson"),
        .source(
            "{ type: file, path: 5 }",
            27,
            "'path' of source 'in' must be text, not a number",
            hint: "quote it: \"5\""
        ),
        .source("{ type: file, path: \"\" }", 27, "'path' of source 'in' is empty"),
        .source("{ type: file, path: a, repeat: 0 }", 38, "'repeat' of source 'in' must not be 0"),
        .source("{ type: stdin, path: a }", 22, "unknown key 'path' in source 'in' of type stdin"),
        .source("{ type: generate, rate: 5 }", 31, "the rate '5' has no unit", hint: "/s, k/s, K/s, M/s"),
        .source("{ type: generate, rate: 1m/s }", 31, "unknown unit 'm/s'", hint: "write 1M/s"),
        .source("{ type: generate, rate: 0/s }", 31, "the rate must be above 0"),
        .source("{ type: generate, count: 5k }", 32, "'count' of source 'in' must be a whole number, not text"),
        .source("stdin", 7, "source 'in' must be a map of keys, not text", hint: "type: file"),
        WrongFile(
            "no source at all",
            "pipeline: p\nsources: {}\nsinks:\n  out: { type: stdout }\n",
            2,
            10,
            "'sources' is empty"
        ),
        WrongFile(
            "standard input twice",
            "pipeline: p\nsources:\n  a: { type: stdin }\n  b: { type: stdin }\nsinks:\n  out: { type: stdout }\n",
            4,
            6,
            "source 'b' reads the standard input, which another source reads already"
        ),
        WrongFile(
            "source name",
            "pipeline: p\nsources:\n  a/b: { type: stdin }\nsinks:\n  out: { type: stdout }\n",
            3,
            3,
            "the source's name 'a/b' has '/' in it"
        ),
        .sink("{ type: sqlite, path: out.db, tabel: a }", 38, "unknown key 'tabel'", hint: "'table'"),
        .sink("{ type: sqlite, path: out.db, table: a b }", 45, "has ' ' in it", hint: "a-b"),
        .sink(
            "{ type: sqlite, path: \":memory:\" }",
            30,
            "'path' of sink 'out' of type sqlite cannot be ':memory:': SQLite does not take it for the path of a file",
            hint: "write './:memory:' for a file of that name"
        ),
        .sink(
            "{ type: sqlite, path: \"file:out.db?mode=memory\" }",
            30,
            "cannot be 'file:out.db?mode=memory'",
            hint: "./file:out.db"
        ),
        .sink("{ type: sqlite, path: \"\" }", 30, "'path' of sink 'out' of type sqlite"),
        .sink("{ type: sqlite }", 8, "sink 'out' of type sqlite has no 'path'", hint: "path: out.db"),
        .sink("{ type: postgres }", 16, "type 'postgres' of sink 'out' needs a penstock built with the trait Postgres"),
        .sink("{ type: std }", 16, "unknown type 'std'", hint: "types: file, stdout"),
        .sink("{ type: file }", 8, "sink 'out' of type file has no 'path'"),
        .sink("{ type: file, path: [a] }", 28, "must be text, not a list"),
        .sink("{ type: stdout, table: a }", 24, "unknown key 'table' in sink 'out' of type stdout"),
        .sink("{ type: null, when_full: drop }", 22, "unknown key 'when_full' in sink 'out' of type null"),
        .sink("{ type: }", 16, "'type' of sink 'out' must be text, not nothing"),
        .sink(
            "{ type: stdout, when_full: block }",
            35,
            "'when_full' of sink 'out' cannot be 'block'",
            hint: "one of: wait, dead_letter, drop"
        ),
        .sink("{ type: stdout, when: a = 1 }", 32, "in 'when' of sink 'out': '=' is not an operator", hint: "'=='?"),
        .sink("{ type: stdout, when: [a] }", 30, "'when' of sink 'out' must be an expression, not a list"),
        .sink("{ type: stdout, wehn: a }", 24, "unknown key 'wehn' in sink 'out'", hint: "did you mean 'when'?"),
        .sink("{ type: stdout, queue: { events: 0 } }", 41, "'queue.events' of sink 'out' must not be 0"),
        .sink("{ type: stdout, queue: { bytes: 5 } }", 40, "the size '5' has no unit"),
        .sink("{ type: stdout, queue: { evnts: 5 } }", 33, "unknown key 'evnts'", hint: "did you mean 'events'?"),
        .sink("{ type: stdout, batch: { events: 1k } }", 41, "'batch.events' of sink 'out' must be a whole number"),
        .sink("{ type: stdout, batch: { bytes: 0B } }", 40, "'batch.bytes' of sink 'out' must not be 0"),
        .sink("{ type: stdout, batch: { linger: 5 } }", 41, "the time '5' has no unit"),
        .sink("{ type: stdout, retry: 5 }", 31, "'retry' of sink 'out' must be a map of keys, not a number"),
        .sink("{ type: stdout, retry: { attempts: 0 } }", 43, "'retry.attempts' of sink 'out' must not be 0"),
        .sink("{ type: stdout, retry: { initial: 1d } }", 42, "unknown unit 'd'"),
        .sink("{ type: stdout, retry: { max: now } }", 38, "'now' is not a time"),
        .sink(
            "{ type: file, path: a, mode: apend }",
            37,
            "'mode' of sink 'out' cannot be 'apend'",
            hint: "did you mean 'append'?"
        ),
        .sink("{ type: file, path: a, fsync: always }", 38, "'fsync' of sink 'out' cannot be 'always'", hint: "batch"),
        .sink("{ type: file, path: a, rotate: 1MiB }", 39, "'rotate' of sink 'out' must be a map of keys, not text"),
        .sink(
            "{ type: file, path: a, rotate: { keep: 5 } }",
            39,
            "'rotate' of sink 'out' has no 'size'",
            hint: "size: 64MiB"
        ),
        .sink("{ type: file, path: a, rotate: { size: 0B } }", 47, "'rotate.size' of sink 'out' must not be 0"),
        .sink(
            "{ type: file, path: a, rotate: { size: 1B, keep: 0 } }",
            57,
            "'rotate.keep' of sink 'out' must not be 0"
        ),
        .sink("{ type: stdout, mode: append }", 24, "unknown key 'mode' in sink 'out' of type stdout"),
        WrongFile(
            "condition without fields",
            "pipeline: p\nsources:\n  in: { type: stdin }\ndecode: lines\nsinks:\n  out: { type: stdout, when: a }\n",
            6,
            30,
            "'when' of sink 'out' reads fields, which events of 'decode: lines' do not have"
        ),
        .after(
            "dead letter with a condition",
            "dead_letter: { type: file, path: a, when: b }",
            6,
            37,
            "unknown key 'when'"
        ),
        .after("dead letter without type", "dead_letter: { path: dead.ndjson }", 6, 14, "'dead_letter' has no 'type'"),
        .after(
            "dead letters between data",
            "dead_letter: { type: stdout }",
            6,
            14,
            "'dead_letter' writes to the standard output, which a sink"
        ),
    ]

    /// Faults of steps.
    static let steps: [WrongFile] = [
        .after(
            "steps is a map",
            "steps:\n  filter: a > 1",
            7,
            3,
            "'steps' must be a list, not a map",
            hint: "start each step with '- '"
        ),
        .after(
            "unknown step",
            "steps:\n  - fliter: a > 1",
            7,
            5,
            "unknown key 'fliter' in step 1",
            hint: "did you mean 'filter'?"
        ),
        .after("step is text", "steps:\n  - a > 1", 7, 5, "step 1 must be a map of keys, not text"),
        .after(
            "two keys",
            "steps:\n  - filter: a > 1\n    aggregate: { every: 1s, count: n }",
            8,
            5,
            "step 1 has two keys",
            hint: "second step with '- '"
        ),
        .after("filter nothing", "steps:\n  - filter:", 7, 12, "'filter' of step 1 must be an expression, not nothing"),
        .after("filter list", "steps:\n  - filter: [a, b]", 7, 13, "must be an expression, not a list"),
        .after(
            "filter of lines",
            "decode: lines\nsteps:\n  - filter: a > 1",
            8,
            5,
            "'filter' reads fields, which events of 'decode: lines' do not have",
            hint: "decode: json"
        ),
        .after(
            "aggregate of lines",
            "decode: raw\nsteps:\n  - aggregate: { by: [a], every: 1s, count: n }",
            8,
            5,
            "reads fields, which events of 'decode: raw'"
        ),
        .after(
            "no groups",
            "steps:\n  - aggregate: { every: 1s, count: n, groups: 0 }",
            7,
            47,
            "'groups' must not be 0"
        ),
        .after(
            "no keys",
            "steps:\n  - aggregate: { every: 1s, count: n, key_bytes: 0B }",
            7,
            50,
            "'key_bytes' must not be 0",
            hint: "64MiB"
        ),
        .after(
            "too many bytes of keys",
            "steps:\n  - aggregate: { every: 1s, count: n, key_bytes: 2000GiB }",
            7,
            50,
            "'key_bytes' must be at most 1024GiB",
            hint: "8MiB"
        ),
        .after(
            "no window",
            "steps:\n  - aggregate: { by: [a], count: n }",
            7,
            16,
            "'aggregate' of step 1 has no 'every'",
            hint: "every: 10s"
        ),
        .after("window 0", "steps:\n  - aggregate: { every: 0s, count: n }", 7, 25, "'every' must be at least 1ms"),
        .after(
            "no result",
            "steps:\n  - aggregate: { by: [a], every: 1s }",
            7,
            5,
            "works nothing out",
            hint: "count: NAME"
        ),
        .after(
            "by text",
            "steps:\n  - aggregate: { by: a, every: 1s, count: n }",
            7,
            22,
            "'by' must be a list, not text",
            hint: "by: [FIELD]"
        ),
        .after(
            "by number",
            "steps:\n  - aggregate: { by: [5], every: 1s, count: n }",
            7,
            23,
            "a field of 'by' must be text, not a number"
        ),
        .after(
            "by path",
            "steps:\n  - aggregate: { by: [a..b], every: 1s, count: n }",
            7,
            23,
            "'a..b', which is no field path"
        ),
        .after(
            "count number",
            "steps:\n  - aggregate: { every: 1s, count: 5 }",
            7,
            36,
            "'count' must be text, not a number",
            hint: "quote it"
        ),
        .after(
            "sum list",
            "steps:\n  - aggregate: { every: 1s, sum: [a] }",
            7,
            34,
            "'sum' must be a map of keys, not a list",
            hint: "FIELD: NAME"
        ),
        .after(
            "same name",
            "steps:\n  - aggregate: { by: [a], every: 1s, count: a }",
            7,
            45,
            "would hold 'a' twice; the first is on line 7, column 23"
        ),
        .after(
            "reserved name",
            "steps:\n  - aggregate: { every: 1s, count: window_end }",
            7,
            36,
            "each row has 'window_end' by itself"
        ),
        .after(
            "aggregate key",
            "steps:\n  - aggregate: { every: 1s, count: n, avg: { a: b } }",
            7,
            39,
            "unknown key 'avg'",
            hint: "by, every, count, sum, min, max"
        ),
        .after(
            "step after aggregate",
            "steps:\n  - aggregate: { every: 1s, count: n }\n  - filter: n > 1",
            8,
            5,
            "a step after 'aggregate' is not available in this version"
        ),
    ]

    /// Faults inside of expressions, each at its own place in the file.
    static let expressions: [WrongFile] = [
        .after(
            "an early end",
            "steps:\n  - filter: delay > 60 &&",
            7,
            26,
            "not the end of the expression",
            hint: "leave the operator out"
        ),
        .after("plain", "steps:\n  - filter: delay >> 60", 7, 20, "in the filter of step 1"),
        .after("single quotes", "steps:\n  - filter: 'a == ''b'' && c >> 1'", 7, 31, "in the filter of step 1"),
        .after("double quotes", "steps:\n  - filter: \"a == \\\"b\\\" && c >> 1\"", 7, 31, "in the filter of step 1"),
        .after("after non-ASCII", "steps:\n  - filter: a == \"é€😀\" && c >> 1", 7, 30, "in the filter of step 1"),
        .after(
            "literal block",
            "steps:\n  - filter: |\n      a > 1 &&\n      c >> 1",
            9,
            10,
            "in the filter of step 1"
        ),
        .after("two lines", "steps:\n  - filter: a > 1 &&\n      c >> 1", 8, 10, "in the filter of step 1"),
        .after("folded block", "steps:\n  - filter: >\n      a > 1 &&\n      c >> 1", 7, 13, "in the filter of step 1"),
        .after("anchor before", "steps:\n  - filter: &late delay >> 60", 7, 26, "in the filter of step 1"),
        .after("second step", "steps:\n  - filter: a > 1\n  - filter: b ==", 8, 17, "in the filter of step 2"),
        .after("open text", "steps:\n  - filter: a == 'b", 7, 18, "in the filter of step 1"),
    ]
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

extension WrongFile {
    /// Faults of sources of type tcp.
    static let tcp: [WrongFile] = [
        .source("{ type: tcp }", 7, "source 'in' of type tcp has no 'listen'", hint: "listen: 127.0.0.1:7000"),
        .source("{ type: tpc, listen: 127.0.0.1:0 }", 15, "unknown type 'tpc'", hint: "did you mean 'tcp'?"),
        .source("{ type: tcp, listen: 7000 }", 28, "'listen' of source 'in' must be text, not a number"),
        .source("{ type: tcp, listen: here:7000 }", 28, "'listen' of source 'in' cannot be 'here:7000'"),
        .source(
            "{ type: tcp, listen: 0.0.0.0:7000 }",
            28,
            "other machines reach 0.0.0.0:7000, and source 'in' of type tcp has neither a token nor TLS",
            hint: "listen on 127.0.0.1, or use type http"
        ),
        .source("{ type: tcp, listen: 127.0.0.1:0, connections: 0 }", 54, "'connections' of source 'in' must not be 0"),
        .source("{ type: tcp, listen: 127.0.0.1:0, idle_time: 5 }", 52, "the time '5' has no unit"),
        .source("{ type: tcp, listen: 127.0.0.1:0, unfinished: 0B }", 53, "'unfinished' of source 'in' must not be 0"),
        .source("{ type: tcp, listen: 127.0.0.1:0, path: a }", 41, "unknown key 'path' in source 'in' of type tcp"),
        WrongFile(
            "two sources on one port",
            "pipeline: p\nsources:\n  a: { type: tcp, listen: 127.0.0.1:7000 }\n"
                + "  b: { type: tcp, listen: 127.0.0.1:7000 }\nsinks:\n  out: { type: stdout }\n",
            4,
            27,
            "source 'b' listens on 127.0.0.1:7000, where source 'a' does",
            hint: "give each its own port"
        ),
    ]

    #if Server
    /// Faults of sources and sinks of type http.
    static let http: [WrongFile] = [
        WrongFile(
            "durable in memory",
            "pipeline: p\nsources:\n  in: { type: http, listen: 127.0.0.1:0, ack: durable }\n"
                + "sinks: { out: { type: stdout } }\nqueue: { store: { type: sqlite, path: ':memory:' } }\n",
            5,
            39,
            "'queue.store.path' cannot be ':memory:'"
        ),
        .after("admin key", "admin: { listne: 1 }", 6, 10, "unknown key 'listne'", hint: "did you mean 'listen'?"),
        .after("admin of nothing", "admin:", 6, 7, "'admin' must be a map of keys, not nothing"),
        .after("admin port", "admin: { listen: 9464 }", 6, 18, "'listen' of 'admin' must be text, not a number"),
        .after(
            "admin name",
            "admin: { listen: example.com:9464 }",
            6,
            18,
            "'listen' of 'admin' cannot be 'example.com:9464'",
            hint: "127.0.0.1:9464, [::1]:9464, localhost:9464"
        ),
        .after(
            "admin open",
            "admin: { listen: 0.0.0.0:9464 }",
            6,
            18,
            "other machines reach 0.0.0.0:9464, and 'admin' has no token_file and no tls",
            hint: "listen on 127.0.0.1, or set both token_file and tls"
        ),
        .after(
            "admin socket",
            "admin: { socket: /tmp/\(String(repeating: "x", count: 100)) }",
            6,
            18,
            "the path has more than 103 bytes",
            hint: "a shorter path"
        ),
        .source("{ type: http }", 7, "source 'in' of type http has no 'listen'", hint: "listen: 127.0.0.1:8080"),
        .source("{ type: http, listne: 1 }", 21, "unknown key 'listne'", hint: "did you mean 'listen'?"),
        .source(
            "{ type: http, listen: 8080 }",
            29,
            "'listen' of source 'in' must be text, not a number",
            hint: "quote it"
        ),
        .source(
            "{ type: http, listen: example.com:80 }",
            29,
            "'listen' of source 'in' cannot be 'example.com:80'",
            hint: "127.0.0.1:8080, [::1]:8080, localhost:8080"
        ),
        .source(
            "{ type: http, listen: 0.0.0.0:8080 }",
            29,
            "other machines reach 0.0.0.0:8080, and source 'in' has no token_file and no tls",
            hint: "listen on 127.0.0.1, or set both token_file and tls"
        ),
        .source(
            "{ type: http, listen: \"[::]:8080\", token_file: t }",
            29,
            "other machines reach [::]:8080, and source 'in' has no tls"
        ),
        .source("{ type: http, listen: 127.0.0.1:0, path: events }", 48, "'path' of source 'in' cannot be 'events'"),
        .source(
            "{ type: http, listen: 127.0.0.1:0, ack: stored }",
            47,
            "'ack' of source 'in' cannot be 'stored'",
            hint: "one of: accepted, durable, delivered"
        ),
        .source(
            "{ type: http, listen: 127.0.0.1:0, ack: durable }",
            47,
            "'ack: durable' needs a queue with a durable store",
            hint: "store: { type: sqlite, path: queue.db }"
        ),
        .source("{ type: http, listen: 127.0.0.1:0, body: 8 }", 48, "the size '8' has no unit", hint: "MiB"),
        .source("{ type: http, listen: 127.0.0.1:0, head: 100B }", 48, "'head' of source 'in' must not be 100 B"),
        .source(
            "{ type: http, listen: 127.0.0.1:0, bodies: 1MiB }",
            50,
            "'bodies' of source 'in' leaves no room for one body",
            hint: "at least what 'body' is"
        ),
        .source("{ type: http, listen: 127.0.0.1:0, wait: 0s }", 48, "'wait' of source 'in' must not be 0"),
        .source(
            "{ type: http, listen: 127.0.0.1:0, connections: 0 }",
            55,
            "'connections' of source 'in' must not be 0"
        ),
        .source("{ type: http, listen: 127.0.0.1:0, tls: { key: k } }", 47, "has no 'certificate'", hint: "cert.pem"),
        .sink("{ type: http }", 8, "sink 'out' of type http has no 'url'", hint: "https://example.com/events"),
        .sink("{ type: http, url: example.com }", 27, "it begins neither with http:// nor with https://"),
        .sink(
            "{ type: http, url: \"https://me:secret@example.com/\" }",
            27,
            "'url' of sink 'out' cannot be used: it has a user or a password in it",
            hint: "put a token into a file, and its path into 'token_file'"
        ),
        .sink("{ type: http, url: http://a/, format: json }", 46, "'format' of sink 'out'", hint: "ndjson, json_array"),
        WrongFile(
            "array of lines",
            "pipeline: p\nsources:\n  in: { type: stdin }\ndecode: lines\nsinks:\n"
                + "  out: { type: http, url: http://a/, format: json_array }\n",
            6,
            46,
            "'format: json_array' of sink 'out' needs JSON, and events of 'decode: lines' are text",
            hint: "write 'decode: json', or make objects of lines with a step 'parse'"
        ),
        .sink("{ type: http, url: http://a/, concurrency: 0 }", 51, "'concurrency' of sink 'out' must not be 0"),
        .sink(
            "{ type: http, url: http://a/, headers: { Authorization: x } }",
            49,
            "header 'Authorization' of sink 'out' cannot be used: the sink sets it itself",
            hint: "token_file"
        ),
        .sink("{ type: http, url: http://a/, timeout: 5 }", 47, "the time '5' has no unit"),
        .sink("{ type: http, url: http://a/, path: x }", 38, "unknown key 'path' in sink 'out' of type http"),
    ]
    #else
    /// What a program without the trait says.
    static let http: [WrongFile] = [
        .source("{ type: http }", 15, "type 'http' of source 'in' needs a penstock built with the trait Server"),
        .sink("{ type: http }", 16, "type 'http' of sink 'out' needs a penstock built with the trait Server"),
    ]
    #endif
}

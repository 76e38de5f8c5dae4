//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import PenstockCLI

@Suite("The schema of pipeline files", .timeLimit(.minutes(5)))
struct PipelineSchemaTests {
    #if Server
    private static let admin = "admin: { tls: { certificate: c, key: k } }"
    private static let serverSources = "d: { type: http, listen: 127.0.0.1:1, tls: { certificate: c, key: k } }"
    private static let serverSinks = """
        web: { type: http, url: 'https://example.com/', tls: { ca: c } }
          base: { type: sqlite, path: d }
        """
    private static let serverDefinitions = [
        "'admin'": "admin", "'tls' of 'admin'": "server_tls",
        "source 'd' of type http": "source_http", "'tls' of source 'd'": "server_tls",
        "sink 'web' of type http": "sink_http", "'tls' of sink 'web'": "client_tls",
        "sink 'base' of type sqlite": "sink_sqlite", "'queue.store' of type sqlite": "store",
    ]
    #else
    private static let admin = ""
    private static let serverSources = "d: { type: generate }"
    private static let serverSinks = "base: { type: file, path: d }"
    private static let serverDefinitions = [
        "source 'd' of type generate": "source_generate", "sink 'base' of type file": "sink_file",
    ]
    #endif

    #if Postgres
    private static let postgresSinks = "pg: { type: postgres, connection: 'dbname=x', table: t }"
    private static let postgresDefinitions = ["sink 'pg' of type postgres": "sink_postgres"]
    #else
    private static let postgresSinks = "pg: { type: stdout }"
    private static let postgresDefinitions = ["sink 'pg' of type stdout": "sink_stdout"]
    #endif

    /// A file with every kind of map that the reader knows.
    private static let everything = """
        pipeline: p
        sources:
          a: { type: file, path: a }
          b: { type: stdin }
          c: { type: generate }
          t: { type: tcp, listen: 127.0.0.1:2 }
          \(serverSources)
        queue: { store: { type: sqlite, path: q } }
        order: { key: a }
        steps:
          - parse: { regex: '(?<a>.)', field: t }
          - aggregate: { every: 1s, count: n }
        sinks:
          file: { type: file, path: b, rotate: { size: 1MiB }, queue: {}, batch: {}, retry: {} }
          stdout: { type: stdout }
          none: { type: "null" }
          \(serverSinks)
          \(postgresSinks)
        dead_letter: { type: file, path: c }
        shutdown: {}
        \(admin)
        tests:
          - { name: a, input: [], expect: {} }
        """

    /// Which definition of the schema speaks of which map; the empty one is the file itself.
    private static let definitions = [
        "the pipeline file": "", "'queue'": "queue", "'order'": "order", "'shutdown'": "shutdown", "test 1": "test",
        "source 'a' of type file": "source_file", "source 'b' of type stdin": "source_stdin",
        "source 'c' of type generate": "source_generate", "source 't' of type tcp": "source_tcp",
        "'parse' of step 1": "parse", "'aggregate' of step 2": "aggregate", "sink 'file' of type file": "sink_file",
        "sink 'stdout' of type stdout": "sink_stdout", "sink 'none' of type null": "sink_null",
        "'rotate' of sink 'file'": "rotate", "'queue' of sink 'file'": "sink_queue", "'batch' of sink 'file'": "batch",
        "'retry' of sink 'file'": "retry", "'dead_letter' of type file": "dead_letter_file",
    ].merging(serverDefinitions) { $1 }.merging(postgresDefinitions) { $1 }

    private static func properties(_ definition: String) throws -> [String] {
        let schema = try #require(JSONValue(PipelineSchema.text))
        let part = definition.isEmpty ? schema : schema["$defs"]?[definition]
        guard case .object(let members) = part?["properties"] else { return [] }
        return members.map(\.key)
    }

    @Test("It has the keys that the reader takes, and no others")
    func keys() throws {
        let source = SourceText(Self.everything)
        var reader = PipelineFileReader(source: source)
        _ = reader.read(try #require(YAMLDocument.parse(source).root))
        for (what, known) in reader.values.knownKeys {
            let definition = try #require(Self.definitions[what], "no definition for \(what)")
            #expect(try Self.properties(definition).sorted() == known.sorted(), "\(what)")
        }
        #expect(reader.values.knownKeys.count == Self.definitions.count)
        #expect(try Self.properties("step").sorted() == PipelineFileReader.stepKeys.sorted())
    }

    @Test("It has the types that run")
    func types() throws {
        let definitions = try #require(JSONValue(PipelineSchema.text)?["$defs"])
        guard case .object(let members) = definitions else { return }
        let names = members.map(\.key)
        func types(_ prefix: String) -> [String] {
            names.filter { $0.hasPrefix(prefix) && $0 != "sink_queue" }.map { String($0.dropFirst(prefix.count)) }
                .sorted()
        }
        // Also those that another program has, built with other traits.
        let sources = Set(PipelineFileReader.sourceTypes).union(TraitTypes.sources.keys).sorted()
        let sinks = Set(PipelineFileReader.sinkTypes).union(TraitTypes.sinks.keys).sorted()
        #expect(types("source_") == sources)
        #expect(types("sink_") == sinks)
        #expect(types("dead_letter_") == sinks)
    }

    @Test("Each reference leads to a definition")
    func references() throws {
        let definitions = try #require(JSONValue(PipelineSchema.text)?["$defs"])
        for part in PipelineSchema.text.split(separator: "\"#/$defs/").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            #expect(definitions[name] != nil, "\(name)")
        }
    }
}

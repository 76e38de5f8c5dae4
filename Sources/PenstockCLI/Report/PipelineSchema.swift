//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The JSON Schema of pipeline files.
///
/// It is written as it is printed. A test holds it to the keys and types that the reader takes.
enum PipelineSchema {
    /// The schema, its last line ended too.
    static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "Penstock pipeline file",
          "type": "object",
          "required": ["pipeline", "sources", "sinks"],
          "additionalProperties": false,
          "properties": {
            "pipeline": { "description": "The pipeline's name.", "type": ["string", "number"], "pattern": "^[A-Za-z0-9_-]{1,100}$" },
            "sources": {
              "description": "Where events come from.",
              "type": "object", "minProperties": 1, "propertyNames": { "$ref": "#/$defs/name" },
              "additionalProperties": { "$ref": "#/$defs/source" }
            },
            "decode": { "description": "What an event is.", "enum": ["json", "lines", "raw"], "default": "json" },
            "queue": { "$ref": "#/$defs/queue" },
            "workers": {
              "description": "How many workers run the steps.",
              "anyOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": 1024 }], "default": "auto"
            },
            "order": { "anyOf": [{ "const": "none" }, { "$ref": "#/$defs/order" }], "default": "none" },
            "steps": { "description": "What is done to events, in order.", "type": "array", "items": { "$ref": "#/$defs/step" } },
            "sinks": {
              "description": "Where events go.",
              "type": "object", "minProperties": 1, "propertyNames": { "$ref": "#/$defs/name" },
              "additionalProperties": { "$ref": "#/$defs/sink" }
            },
            "dead_letter": { "description": "Where events go that could not be handled.", "$ref": "#/$defs/dead_letter" },
            "admin": { "$ref": "#/$defs/admin" },
            "shutdown": { "$ref": "#/$defs/shutdown" },
            "tests": { "description": "Examples for 'penstock test'.", "type": "array", "items": { "$ref": "#/$defs/test" } }
          },
          "$defs": {
            "name": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$" },
            "size": { "description": "A number of bytes with its unit, such as 64MiB.", "type": ["string", "integer"] },
            "time": { "description": "A time with its unit, such as 10s.", "type": ["string", "integer"] },
            "queue": {
              "description": "Where accepted events wait for a worker.",
              "type": "object", "additionalProperties": false,
              "properties": {
                "events": { "type": "integer", "minimum": 1, "maximum": 100000000, "default": 10000 },
                "bytes": { "$ref": "#/$defs/size", "default": "64MiB" },
                "when_full": { "enum": ["wait", "reject", "drop_newest", "drop_oldest"], "default": "wait" },
                "store": { "anyOf": [{ "const": "memory" }, { "$ref": "#/$defs/store" }], "default": "memory" }
              }
            },
            "store": {
              "description": "A durable queue.",
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": {
                "type": { "enum": ["memory", "sqlite"] },
                "path": { "$ref": "#/$defs/database" },
                "synchronous": { "enum": ["full", "normal"], "default": "full" },
                "bytes_max": { "description": "The most that lies stored.", "$ref": "#/$defs/size", "default": "1GiB" }
              }
            },
            "database": {
              "description": "The path of a file; what SQLite would keep in memory only is refused.",
              "type": "string", "pattern": "^(?!:|file:)."
            },
            "admin": {
              "description": "How the pipeline is watched and told while it runs.",
              "type": "object", "additionalProperties": false,
              "properties": {
                "listen": { "description": "An address and a port: 127.0.0.1:9464.", "type": "string" },
                "token_file": { "type": "string" },
                "tls": { "$ref": "#/$defs/server_tls" },
                "socket": { "description": "The path of the Unix socket; none for no socket.", "type": "string" }
              }
            },
            "order": {
              "type": "object", "additionalProperties": false, "required": ["key"],
              "properties": { "key": { "type": "string" } }
            },
            "shutdown": {
              "description": "How the pipeline ends when it is told to.",
              "type": "object", "additionalProperties": false,
              "properties": {
                "delay": { "$ref": "#/$defs/time", "default": "0s" },
                "drain": { "$ref": "#/$defs/time", "default": "30s" }
              }
            },
            "source": {
              "oneOf": [
                { "$ref": "#/$defs/source_file" }, { "$ref": "#/$defs/source_stdin" }, { "$ref": "#/$defs/source_generate" },
                { "$ref": "#/$defs/source_tcp" }, { "$ref": "#/$defs/source_http" }
              ]
            },
            "source_file": {
              "type": "object", "additionalProperties": false, "required": ["type", "path"],
              "properties": {
                "type": { "const": "file" },
                "path": { "type": "string" },
                "repeat": { "description": "How often it is read.", "type": "integer", "minimum": 1 },
                "follow": { "description": "Whether reading goes on as it grows.", "type": "boolean", "default": false },
                "checkpoint": { "description": "Where it is noted how far it was read.", "type": "string" },
                "from": { "enum": ["beginning", "end"], "default": "beginning" }
              }
            },
            "source_stdin": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": { "type": { "const": "stdin" } }
            },
            "source_generate": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": {
                "type": { "const": "generate" },
                "rate": { "description": "Events a second, such as 1M/s.", "type": ["string", "number"] },
                "count": { "type": "integer", "minimum": 1 }
              }
            },
            "source_tcp": {
              "type": "object", "additionalProperties": false, "required": ["type", "listen"],
              "properties": {
                "type": { "const": "tcp" },
                "listen": { "description": "An address of this machine and a port: 127.0.0.1:7000.", "type": "string" },
                "connections": { "type": "integer", "minimum": 1, "maximum": 1000000, "default": 1024 },
                "idle_time": { "$ref": "#/$defs/time", "default": "5m" },
                "unfinished": { "description": "The most of lines without an end.", "$ref": "#/$defs/size", "default": "64MiB" }
              }
            },
            "source_http": {
              "type": "object", "additionalProperties": false, "required": ["type", "listen"],
              "properties": {
                "type": { "const": "http" },
                "listen": { "description": "An address and a port: 127.0.0.1:8080.", "type": "string" },
                "path": { "type": "string", "default": "/events" },
                "ack": { "description": "When a request is answered.", "enum": ["accepted", "durable", "delivered"], "default": "accepted" },
                "body": { "description": "The longest body.", "$ref": "#/$defs/size", "default": "8MiB" },
                "bodies": { "description": "The most of all bodies at one time.", "$ref": "#/$defs/size" },
                "head": { "description": "The longest head of a request.", "$ref": "#/$defs/size" },
                "connections": { "type": "integer", "minimum": 1, "maximum": 1000000, "default": 1024 },
                "head_time": { "$ref": "#/$defs/time", "default": "5s" },
                "body_time": { "$ref": "#/$defs/time" },
                "body_rate": { "description": "The fewest bytes a second.", "type": ["string", "integer"] },
                "idle_time": { "$ref": "#/$defs/time" },
                "wait": { "description": "How long a request waits for a full queue.", "$ref": "#/$defs/time", "default": "1s" },
                "answer_time": { "$ref": "#/$defs/time" },
                "token_file": { "type": "string" },
                "tls": { "$ref": "#/$defs/server_tls" }
              }
            },
            "server_tls": {
              "type": "object", "additionalProperties": false, "required": ["certificate", "key"],
              "properties": { "certificate": { "type": "string" }, "key": { "type": "string" } }
            },
            "step": {
              "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
              "properties": {
                "filter": { "description": "Keeps events for which it is true: delay > 60.", "type": ["string", "boolean", "number"] },
                "select": {
                  "description": "Keeps these fields.", "type": "array", "minItems": 1, "uniqueItems": true,
                  "items": { "type": "string" }
                },
                "rename": {
                  "description": "Gives fields other names: { OLD: NEW }.", "type": "object", "minProperties": 1,
                  "additionalProperties": { "type": "string" }
                },
                "parse": { "anyOf": [{ "enum": ["apache_combined"] }, { "$ref": "#/$defs/parse" }] },
                "aggregate": { "$ref": "#/$defs/aggregate" }
              }
            },
            "parse": {
              "description": "Makes objects of text.",
              "type": "object", "additionalProperties": false,
              "oneOf": [{ "required": ["regex"] }, { "required": ["format"] }],
              "properties": {
                "regex": { "description": "With a named group (?<name>…) for each field.", "type": "string" },
                "format": { "enum": ["apache_combined"] },
                "field": { "description": "The field that holds the text.", "type": "string" },
                "types": { "type": "object", "additionalProperties": { "enum": ["string", "int", "number"] } }
              }
            },
            "aggregate": {
              "description": "Ends events in windows of time, with a row for each group.",
              "type": "object", "additionalProperties": false, "required": ["every"],
              "properties": {
                "by": { "type": "array", "items": { "type": "string" } },
                "every": { "$ref": "#/$defs/time" },
                "count": { "type": "string" },
                "sum": { "$ref": "#/$defs/columns" },
                "min": { "$ref": "#/$defs/columns" },
                "max": { "$ref": "#/$defs/columns" },
                "groups": {
                  "description": "The most groups that the tables of all workers hold for a window.",
                  "type": "integer", "minimum": 1, "maximum": 100000000, "default": 100000
                },
                "key_bytes": {
                  "description": "The most bytes that their keys have together, such as 8MiB.",
                  "$ref": "#/$defs/size"
                }
              }
            },
            "columns": { "type": "object", "minProperties": 1, "additionalProperties": { "type": "string" } },
            "sink": {
              "oneOf": [
                { "$ref": "#/$defs/sink_file" }, { "$ref": "#/$defs/sink_stdout" }, { "$ref": "#/$defs/sink_http" },
                { "$ref": "#/$defs/sink_sqlite" }, { "$ref": "#/$defs/sink_postgres" }, { "$ref": "#/$defs/sink_null" }
              ]
            },
            "sink_file": {
              "type": "object", "additionalProperties": false, "required": ["type", "path"],
              "properties": {
                "type": { "const": "file" },
                "path": { "type": "string" },
                "mode": { "$ref": "#/$defs/mode" },
                "rotate": { "$ref": "#/$defs/rotate" },
                "fsync": { "$ref": "#/$defs/fsync" },
                "when": { "$ref": "#/$defs/when" },
                "when_full": { "$ref": "#/$defs/when_full" },
                "queue": { "$ref": "#/$defs/sink_queue" },
                "batch": { "$ref": "#/$defs/batch" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "sink_stdout": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": {
                "type": { "const": "stdout" },
                "when": { "$ref": "#/$defs/when" },
                "when_full": { "$ref": "#/$defs/when_full" },
                "queue": { "$ref": "#/$defs/sink_queue" },
                "batch": { "$ref": "#/$defs/batch" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "sink_http": {
              "type": "object", "additionalProperties": false, "required": ["type", "url"],
              "properties": {
                "type": { "const": "http" },
                "url": { "type": "string" },
                "format": { "enum": ["ndjson", "json_array"], "default": "ndjson" },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "token_file": { "type": "string" },
                "timeout": { "$ref": "#/$defs/time", "default": "10s" },
                "tls": { "$ref": "#/$defs/client_tls" },
                "concurrency": { "description": "Batches at one time.", "type": "integer", "minimum": 1, "maximum": 1024, "default": 1 },
                "when": { "$ref": "#/$defs/when" },
                "when_full": { "$ref": "#/$defs/when_full" },
                "queue": { "$ref": "#/$defs/sink_queue" },
                "batch": { "$ref": "#/$defs/batch" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "sink_sqlite": {
              "type": "object", "additionalProperties": false, "required": ["type", "path"],
              "properties": {
                "type": { "const": "sqlite" },
                "path": { "$ref": "#/$defs/database" },
                "table": { "type": "string" },
                "when": { "$ref": "#/$defs/when" },
                "when_full": { "$ref": "#/$defs/when_full" },
                "queue": { "$ref": "#/$defs/sink_queue" },
                "batch": { "$ref": "#/$defs/batch" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "sink_postgres": {
              "type": "object", "additionalProperties": false, "required": ["type", "connection", "table"],
              "properties": {
                "type": { "const": "postgres" },
                "connection": { "description": "As libpq takes it.", "type": "string" },
                "password_file": { "type": "string" },
                "table": { "type": "string" },
                "timeout": { "$ref": "#/$defs/time", "default": "30s" },
                "concurrency": { "description": "Batches at one time.", "type": "integer", "minimum": 1, "maximum": 100, "default": 1 },
                "when": { "$ref": "#/$defs/when" },
                "when_full": { "$ref": "#/$defs/when_full" },
                "queue": { "$ref": "#/$defs/sink_queue" },
                "batch": { "$ref": "#/$defs/batch" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "client_tls": {
              "type": "object", "additionalProperties": false, "required": ["ca"],
              "properties": { "ca": { "description": "Whose certificates are trusted.", "type": "string" } }
            },
            "sink_null": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": { "type": { "enum": ["null", null] }, "when": { "$ref": "#/$defs/when" } }
            },
            "dead_letter": {
              "oneOf": [
                { "$ref": "#/$defs/dead_letter_file" }, { "$ref": "#/$defs/dead_letter_stdout" },
                { "$ref": "#/$defs/dead_letter_http" }, { "$ref": "#/$defs/dead_letter_sqlite" },
                { "$ref": "#/$defs/dead_letter_postgres" }, { "$ref": "#/$defs/dead_letter_null" }
              ]
            },
            "dead_letter_file": {
              "type": "object", "additionalProperties": false, "required": ["type", "path"],
              "properties": {
                "type": { "const": "file" },
                "path": { "type": "string" },
                "mode": { "description": "What becomes of letters that are there.", "enum": ["truncate", "append"], "default": "append" },
                "rotate": { "$ref": "#/$defs/rotate" },
                "fsync": { "$ref": "#/$defs/fsync" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "dead_letter_stdout": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": { "type": { "const": "stdout" }, "retry": { "$ref": "#/$defs/retry" } }
            },
            "dead_letter_http": {
              "type": "object", "additionalProperties": false, "required": ["type", "url"],
              "properties": {
                "type": { "const": "http" },
                "url": { "type": "string" },
                "format": { "enum": ["ndjson", "json_array"], "default": "ndjson" },
                "headers": { "type": "object", "additionalProperties": { "type": "string" } },
                "token_file": { "type": "string" },
                "timeout": { "$ref": "#/$defs/time", "default": "10s" },
                "tls": { "$ref": "#/$defs/client_tls" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "dead_letter_sqlite": {
              "type": "object", "additionalProperties": false, "required": ["type", "path"],
              "properties": {
                "type": { "const": "sqlite" },
                "path": { "$ref": "#/$defs/database" },
                "table": { "type": "string" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "dead_letter_postgres": {
              "type": "object", "additionalProperties": false, "required": ["type", "connection", "table"],
              "properties": {
                "type": { "const": "postgres" },
                "connection": { "description": "As libpq takes it.", "type": "string" },
                "password_file": { "type": "string" },
                "table": { "type": "string" },
                "timeout": { "$ref": "#/$defs/time", "default": "30s" },
                "retry": { "$ref": "#/$defs/retry" }
              }
            },
            "dead_letter_null": {
              "type": "object", "additionalProperties": false, "required": ["type"],
              "properties": { "type": { "enum": ["null", null] } }
            },
            "mode": { "description": "What becomes of a file that is there.", "enum": ["truncate", "append"], "default": "truncate" },
            "fsync": { "description": "When what was written is made to last.", "enum": ["never", "batch", "interval"], "default": "never" },
            "when": { "description": "Which events go there: an expression.", "type": ["string", "boolean", "number"] },
            "when_full": { "enum": ["wait", "dead_letter", "drop"] },
            "rotate": {
              "type": "object", "additionalProperties": false, "required": ["size"],
              "properties": {
                "size": { "$ref": "#/$defs/size" },
                "keep": { "type": "integer", "minimum": 1, "maximum": 10000, "default": 5 }
              }
            },
            "sink_queue": {
              "type": "object", "additionalProperties": false,
              "properties": { "events": { "type": "integer", "minimum": 1 }, "bytes": { "$ref": "#/$defs/size" } }
            },
            "batch": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "events": { "type": "integer", "minimum": 1, "maximum": 1000000 },
                "bytes": { "$ref": "#/$defs/size" },
                "linger": { "$ref": "#/$defs/time" }
              }
            },
            "retry": {
              "type": "object", "additionalProperties": false,
              "properties": {
                "attempts": { "type": "integer", "minimum": 1 },
                "initial": { "$ref": "#/$defs/time" },
                "max": { "$ref": "#/$defs/time" }
              }
            },
            "test": {
              "type": "object", "additionalProperties": false, "required": ["name", "input", "expect"],
              "properties": {
                "name": { "type": "string" },
                "input": { "type": "array", "items": { "type": ["object", "string"] } },
                "expect": { "anyOf": [{ "type": "array" }, { "type": "object", "additionalProperties": { "type": "array" } }] },
                "sink": { "type": "string" },
                "dead": { "type": "integer", "minimum": 0, "maximum": 1000000 },
                "dead_letters": { "type": "array", "items": { "type": "string" } }
              }
            }
          }
        }

        """#
}

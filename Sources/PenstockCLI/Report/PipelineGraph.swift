//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// Draws a pipeline as a Mermaid flowchart.
struct PipelineGraph {
    private let description: PipelineDescription

    init(_ description: PipelineDescription) {
        self.description = description
    }

    /// The flowchart, the last line ended too.
    func mermaid() -> String {
        let description = self.description
        var nodes: [String] = []
        var edges: [String] = []
        for (index, source) in description.sources.enumerated() {
            nodes.append(Self.node("source\(index)", "([", [source.name, PipelineSummary.text(source.kind)], "])"))
            edges.append("source\(index) --> queue")
        }
        let queue = description.queue
        let limits = "\(grouped(queue.events)) events, \(PipelineSummary.binary(queue.bytes))"
        nodes.append(Self.node("queue", "[(", ["queue", limits], ")]"))
        let workers = description.workers.map { $0 == 1 ? "1 worker" : "\(grouped($0)) workers" } ?? "a worker a core"
        nodes.append(Self.node("decode", "[", ["decode \(description.decode.rawValue)", workers], "]"))
        edges.append("queue --> decode")
        var last = "decode"
        for (index, step) in description.steps.enumerated() {
            nodes.append(Self.node("step\(index)", "[", [PipelineSummary.text(step)], "]"))
            edges.append("\(last) --> step\(index)")
            last = "step\(index)"
        }
        for (index, sink) in description.sinks.enumerated() {
            nodes.append(Self.node("sink\(index)", "([", [sink.name, PipelineSummary.text(sink.kind)], "])"))
            let condition = sink.options.when.map { "|\(Self.quoted("when \($0)"))| " } ?? ""
            edges.append("\(last) --> \(condition)sink\(index)")
        }
        if let letters = description.deadLetter {
            nodes.append(Self.node("letters", "([", ["dead letters", PipelineSummary.text(letters)], "])"))
            for part in ["decode"] + description.steps.indices.map({ "step\($0)" }) {
                edges.append("\(part) -.-> letters")
            }
            for index in description.sinks.indices { edges.append("sink\(index) -.-> letters") }
        }
        let lines = ["flowchart LR", "  %% \(description.name)"] + (nodes + edges).map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private static func node(_ name: String, _ open: String, _ lines: [String], _ close: String) -> String {
        "\(name)\(open)\(self.quoted(lines.joined(separator: "\n")))\(close)"
    }

    /// A text in quotes, with what Mermaid would take for its own written as entities.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "#quot;"
            case "#": result += "#35;"
            case "&": result += "#amp;"
            case "<": result += "#lt;"
            case ">": result += "#gt;"
            case "`": result += "#96;"
            case "\n": result += "<br/>"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(result)\""
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// A pipeline file that was read without a fault.
struct PipelineFile {
    /// What a file or folder on disk is used for.
    enum Role: Equatable {
        case source(String)
        /// Where it is noted how far a source was read.
        case checkpoint(String)
        case sink(String)
        case deadLetter
        case queue
    }

    /// A path that the pipeline file names.
    struct PathUse {
        var role: Role
        var path: String
        var place: Place
        /// Whether it need not be there yet.
        var mayBeMissing = false
    }

    /// Something that only a look at files or the network can tell, for when the file itself is right.
    struct Check {
        /// Where the value stands that it is about; nil for what is not from the file.
        var place: Place?
        /// Whose value it is.
        var what: String
        /// What may be done about it.
        var hint: String?
        /// Looks, and tells what is wrong as a sentence; nil when nothing is.
        var problem: @Sendable () -> String?
    }

    #if Server
    /// How it is watched and told; nil where nobody can.
    var admin: AdminSettings?
    #endif
    /// What to run.
    var description: PipelineDescription
    /// The files it names, in the order of the file.
    var paths: [PathUse] = []
    /// What else is looked at before a run.
    var checks: [Check] = []
    /// Where the value of each source and sink begins, and that of `dead_letter`.
    var partPlaces: [PipelineProblem.Part: Place] = [:]
    /// Whether `queue.store` asks for a durable queue, be it in a wrong way.
    var asksForStore = false
    /// Who listens where.
    var listeners: [String: String] = [:]
    /// Where something asks for a durable queue.
    var durablePlaces: [Place] = []
    /// Where `workers` is set; nil where it is left to the default.
    var workersPlace: Place?
    /// The examples under `tests`.
    var tests: [PipelineExample] = []
    /// The most that the durable queue takes of the disk, in bytes; nil when the queue is in memory.
    var diskBytes: Int?
}

extension PipelineFile.Role {
    /// What people call it.
    var name: String {
        switch self {
        case .checkpoint(let name): "checkpoint of source '\(name)'"
        case .source(let name): "source '\(name)'"
        case .sink(let name): "sink '\(name)'"
        case .deadLetter: "dead_letter"
        case .queue: "queue.store"
        }
    }
}

extension PipelineFile {
    /// Reads the text of a pipeline file.
    ///
    /// - Throws: All that is wrong with it.
    static func read(_ text: String) throws(DiagnosticsError) -> PipelineFile {
        let (file, diagnostics) = Self.reading(text)
        guard diagnostics.isEmpty, let file else { throw DiagnosticsError(diagnostics: diagnostics.sortedByPlace()) }
        return file
    }

    /// Reads the text of a pipeline file as far as it goes.
    ///
    /// - Returns: What was understood, nil where nothing was, and all that is wrong with the text.
    static func reading(_ text: String) -> (file: PipelineFile?, diagnostics: [Diagnostic]) {
        let source = SourceText(text)
        let outcome = YAMLDocument.parse(source)
        var diagnostics = outcome.diagnostics
        var file: PipelineFile?
        if let root = outcome.root, !root.isNull {
            var reader = PipelineFileReader(source: source)
            file = reader.read(root)
            diagnostics += reader.values.diagnostics
        } else if diagnostics.isEmpty {
            diagnostics.append(
                Diagnostic(
                    Place(line: 1, column: 1),
                    "the file is empty",
                    hint: "a pipeline needs at least the keys pipeline, sources and sinks"
                )
            )
        }
        return (file, diagnostics)
    }
}

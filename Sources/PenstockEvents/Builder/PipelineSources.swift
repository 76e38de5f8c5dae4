//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Reads events from a file, one a line.
public struct FileSource: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - path: The file, or a named pipe.
    ///   - times: How often it is read from its beginning; only a regular file can be read twice.
    ///   - name: Its name in reports and dead letters.
    public init(_ path: String, times: Int = 1, name: String? = nil) {
        self.part = PipelinePart(.source(.file(path: path, repeat: times), name: name))
    }
}

/// Reads events from the standard input, one a line.
public struct StandardInput: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a source.
    ///
    /// - Parameter name: Its name in reports and dead letters.
    public init(name: String? = nil) {
        self.part = PipelinePart(.source(.stdin, name: name))
    }
}

/// Makes up events: JSON objects of about 200 bytes, like those of a web service.
public struct Generator: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - count: How many events it makes; nil is without end.
    ///   - rate: How many a second; nil is as fast as they are taken.
    ///   - name: Its name in reports and dead letters.
    public init(count: Int? = nil, rate: Double? = nil, name: String? = nil) {
        self.part = PipelinePart(.source(.generate(rate: rate, count: count), name: name))
    }
}

/// A source of one's own.
public struct Source: PipelineComponent {
    /// What it is in the pipeline.
    public let part: PipelinePart

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - name: Its name in reports and dead letters.
    ///   - source: The source; an ``AcknowledgedSource`` is told what became of its events.
    public init(_ name: String, _ source: any EventSource) {
        self.part = PipelinePart(.source(.own(OwnSource(source)), name: name))
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What sources and sinks have in common.
public protocol PipelineEnd: Sendable {
    /// What kind it is, in a word, for reports and pictures. Default: `custom`.
    var typeName: String { get }
}

extension PipelineEnd {
    /// `custom`.
    public var typeName: String { "custom" }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A compiled expression: flat arrays, which threads share without counting references.
struct ExpressionProgram: Sendable {
    var nodes: [ExpressionNode] = []
    var literals: [ExpressionValue] = []
    var paths = FieldPaths()
    /// The text of all string literals.
    var bytes: [UInt8] = []
    /// The node whose value is the expression's.
    var root = 0
}

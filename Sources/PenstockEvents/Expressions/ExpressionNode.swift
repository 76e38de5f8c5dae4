//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// One step of a compiled expression; nodes stand in one array and name each other by index.
struct ExpressionNode: Sendable {
    /// What a node does.
    enum Kind: UInt8, Sendable {
        /// Gives the literal `first`.
        case literal
        /// Gives the value at path `first`.
        case field
        /// Tells whether path `first` has a value.
        case has
        /// Turns node `first` round.
        case not
        /// Is true when node `first` and all that follow it by `next` are.
        case all
        /// Is true when node `first` or one that follows it by `next` is.
        case any
        /// Compares node `first` with node `second`.
        case compare
    }

    /// The relations.
    enum Relation: UInt8, Sendable {
        case equal
        case notEqual
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual

        /// How it is written.
        var text: String {
            switch self {
            case .equal: "=="
            case .notEqual: "!="
            case .less: "<"
            case .lessOrEqual: "<="
            case .greater: ">"
            case .greaterOrEqual: ">="
            }
        }

        /// Whether it asks for an order, which not all values have.
        @inline(__always)
        var isOrdering: Bool { self.rawValue >= Relation.less.rawValue }

        /// Whether it holds when the sign of left minus right is `order`.
        @inline(__always)
        func holds(_ order: Int) -> Bool {
            switch self {
            case .equal: order == 0
            case .notEqual: order != 0
            case .less: order < 0
            case .lessOrEqual: order <= 0
            case .greater: order > 0
            case .greaterOrEqual: order >= 0
            }
        }
    }

    var kind: Kind
    var relation: Relation = .equal
    /// How many levels of nodes are below and including this one.
    var depth: UInt8 = 1
    var first: Int32 = -1
    var second: Int32 = -1
    var next: Int32 = -1
}

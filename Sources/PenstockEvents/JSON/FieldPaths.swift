//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Paths such as `actor.login`: the first name is a wanted field of the line, the others are looked up within it.
///
/// All paths of one user stand in a few flat arrays, so that reading one counts no references.
struct FieldPaths: Sendable {
    /// How many names a path may have.
    static let namesMax = 64

    private struct Path: Sendable {
        let root: Int
        let firstStep: Int
        let stepCount: Int
    }

    private struct Step: Sendable {
        let offset: Int
        let length: Int
    }

    /// The names of each path.
    private(set) var names: [[String]] = []
    private var paths: [Path] = []
    private var steps: [Step] = []
    private var bytes: [UInt8] = []

    /// How many names a path has.
    func nameCount(_ path: Int) -> Int { self.paths[path].stepCount + 1 }

    /// Adds a path.
    ///
    /// - Parameters:
    ///   - names: Its names, at least one.
    ///   - fields: Where its first name is asked for.
    /// - Returns: The path's index.
    mutating func add(_ names: [String], fields: inout FieldSet) -> Int {
        precondition(!names.isEmpty, "A path has at least one name.")
        let firstStep = self.steps.count
        for name in names.dropFirst() {
            self.steps.append(Step(offset: self.bytes.count, length: name.utf8.count))
            self.bytes += name.utf8
        }
        self.paths.append(
            Path(root: fields.index(of: names[0]), firstStep: firstStep, stepCount: names.count - 1)
        )
        self.names.append(names)
        return self.paths.count - 1
    }

    /// The value at a path; absent when a name is missing, or stands for something that is not an object.
    @inline(__always)
    func find(_ path: Int, in event: EventView) -> JSONField {
        let root = event.fields[self.paths[path].root]
        return self.paths[path].stepCount == 0 ? root : self.find(path, in: event, names: self.nameCount(path))
    }

    /// The value at the first so many names of a path.
    @inline(never)
    func find(_ path: Int, in event: EventView, names: Int) -> JSONField {
        let path = self.paths[path]
        var field = event.fields[path.root]
        var index = 0
        while index < names &- 1 {
            guard field.kind == .object else { return .absent }
            let step = self.steps[path.firstStep &+ index]
            field = self.bytes.withUnsafeBufferPointer { bytes in
                let name = UnsafeBufferPointer(rebasing: bytes[step.offset..<step.offset &+ step.length])
                return JSONMember.find(name, of: field, in: event)
            }
            index &+= 1
        }
        return field
    }

    /// Why a path has no value in this event: which of its names is missing, or stands for no object.
    func problem(_ path: Int, in event: EventView) -> String {
        let names = self.names[path]
        for count in 1...names.count {
            let field = self.find(path, in: event, names: count)
            let text = names.prefix(count).joined(separator: ".")
            if field.kind == .absent { return "no such field: '\(text)'" }
            if field.kind != .object, count < names.count { return "'\(text)' is \(field.kind.name), not an object" }
        }
        return "no such field"
    }
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// How a file is written that events go to.
public struct FileOptions: Sendable, Equatable {
    /// What becomes of a file that is there when the run begins.
    public enum Mode: String, Sendable, CaseIterable {
        /// It is emptied, once everything that the run needs is open.
        case truncate
        /// Events are written behind what it holds.
        case append
    }

    /// When what was written is made to survive a loss of power.
    public enum Sync: String, Sendable, CaseIterable {
        /// When the system thinks fit.
        case never
        /// With each batch, before its events count as delivered.
        case batch
        /// Once a second while events come, and at the end. Events count as delivered before.
        case interval
    }

    /// When a file is put aside for a new one.
    public struct Rotation: Sendable, Equatable {
        /// The most bytes of a file; at least 1. A single line may exceed it alone.
        public var bytesMax: Int
        /// How many files that were put aside are kept, as `path.1` (the newest), `path.2` and so on; at least 1.
        public var keep: Int

        /// Creates a rotation.
        ///
        /// - Parameters:
        ///   - bytesMax: The most bytes of a file.
        ///   - keep: How many files that were put aside are kept.
        public init(bytesMax: Int, keep: Int = 5) {
            self.bytesMax = bytesMax
            self.keep = keep
        }
    }

    /// What becomes of a file that is there. Default: ``Mode/truncate``, so that a run's output is a run's own. A file of dead
    /// letters is appended to, unless something else is said: a restart throws none away.
    public var mode = Mode.truncate
    /// When a file is put aside. Default: never.
    public var rotation: Rotation?
    /// When what was written is made to last. Default: ``Sync/never``, which costs nothing.
    public var sync = Sync.never

    /// Creates the defaults.
    public init() {}

    /// Those of a file of dead letters.
    package static let letters = {
        var options = FileOptions()
        options.mode = .append
        return options
    }()

    /// What is wrong with the numbers, as the end of a sentence; nil when nothing is.
    var problem: String? {
        guard let rotation = self.rotation else { return nil }
        if rotation.bytesMax < 1 { return "a file of at least 1 byte before it is rotated, not \(rotation.bytesMax)" }
        if !(1...10_000).contains(rotation.keep) { return "1 to 10,000 rotated files to keep, not \(rotation.keep)" }
        return nil
    }
}

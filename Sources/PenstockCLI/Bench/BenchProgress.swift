//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// The line that shows what a benchmark is at, where there is a terminal for it.
struct BenchProgress: Sendable {
    private let isShown = Output.errorIsTerminal

    /// Replaces the line.
    func show(_ text: String) {
        // A line that wraps cannot be erased.
        if self.isShown { Output.error("\r\(text.prefix(79))\u{1B}[K") }
    }

    /// Leaves an empty line.
    func erase() {
        if self.isShown { Output.error("\r\u{1B}[K") }
    }
}

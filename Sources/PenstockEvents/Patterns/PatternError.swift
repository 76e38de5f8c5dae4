//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Why a regular expression cannot be used.
package struct PatternError: Error, Sendable, Equatable {
    /// What is wrong, as the end of a sentence.
    package var message: String
    /// How many bytes into the pattern it shows.
    package var offset: Int
    /// What to write instead.
    package var hint: String?

    init(_ message: String, at offset: Int, hint: String? = nil) {
        self.message = message
        self.offset = offset
        self.hint = hint
    }
}

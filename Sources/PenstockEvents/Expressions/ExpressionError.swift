//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// Why a text is not an expression.
package struct ExpressionError: Error, Sendable, Equatable {
    /// What is wrong.
    package let message: String
    /// Where, as a UTF-8 offset in the text.
    package let offset: Int
    /// What may have been meant.
    package let hint: String?

    /// Creates an error.
    package init(_ message: String, offset: Int, hint: String? = nil) {
        self.message = message
        self.offset = offset
        self.hint = hint
    }
}

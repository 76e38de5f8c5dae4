//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a filter makes of one event.
package enum FilterVerdict: Sendable, Equatable {
    /// The expression is true.
    case keep
    /// The expression is false.
    case drop
    /// The expression errs; the reason is for the dead letter.
    case failed(String)
}

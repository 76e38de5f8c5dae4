//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// Where an admin server listens, as a flag or a variable says.
struct AdminAddress: Equatable {
    /// The address as it was written; nil for nowhere.
    let text: String?

    /// Reads an address, or `none`; nil when the text is neither.
    init?(_ text: String) {
        self.text = text == "none" ? nil : text
        if text != "none", ListenAddress(text) == nil { return nil }
    }
}

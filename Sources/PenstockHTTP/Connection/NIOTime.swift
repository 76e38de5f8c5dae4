//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Penstock

extension TimeAmount {
    /// The same time as Swift's own type has it; more than 292 years are 292 years.
    init(_ duration: Duration) {
        self = .nanoseconds(Int64(clamping: duration.wholeNanoseconds))
    }
}
#endif

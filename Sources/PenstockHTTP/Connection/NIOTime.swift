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
    /// The same time as Swift's own type has it, at most a hundred years: a deadline that far away still is a number.
    init(_ duration: Duration) {
        self = .nanoseconds(Int64(min(duration.wholeNanoseconds, 3_000_000_000_000_000_000)))
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// What a resource pool counts where it happens; none is worked out from another.
struct ResourceCounts {
    var requests = 0
    var served = 0
    var timedOut = 0
    var cancelled = 0
    var refused = 0
    var failed = 0
    var returned = 0
    var creations = 0
    var created = 0
    var creationsFailed = 0
    var checksFailed = 0
    var destroyed = 0
    var waitTimes = LatencyHistogram()
    var leaseTimes = LatencyHistogram()
}

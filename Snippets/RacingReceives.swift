//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// The first of two channels, without losing an element of the other.
// snippet.hide
import Penstock

let orders = Channel<String>(capacity: 10)
let signals = Channel<String>(capacity: 10)
_ = orders.trySend("an order")
_ = signals.trySend("a signal")

// snippet.show
let received = await withTaskGroup(of: String?.self) { group in
    for channel in [orders, signals] {
        group.addTask { try? await channel.receive() }
    }
    var received: [String] = []
    for await element in group {
        group.cancelAll()  // from the first one on
        if let element { received.append(element) }  // one, or both
    }
    return received
}
print(received)

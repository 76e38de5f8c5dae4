//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

// A call waits for its own job's output.
// snippet.hide
import Penstock

// snippet.show
let report = try await withWorkerPool(workers: 4, capacity: 100) { (number: Int) in
    number * number
} body: { pool in
    let square = try await pool.call(12)
    print(square)
}
print(report.ledger)

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock

/// Which of the queued jobs a worker takes next, and by what: of a job only its number is known.
package enum BenchDiscipline: String, CaseIterable, Sendable {
    case fifo
    case lifo
    /// Three classes, in turn.
    case priority
    /// Deadlines in an order that is not that of arrival, and none of which passes.
    case deadline
    /// 16 tenants, in turn.
    case fair
    /// 1,024 keys, in turn.
    case keyed

    var discipline: Discipline<BenchJob> {
        switch self {
        case .fifo: .fifo
        case .lifo: .lifo
        case .priority: .priority { $0.number % 3 }
        case .deadline: .deadline { 1 << 62 + UInt64(truncatingIfNeeded: $0.number &* 7919 & 0xFFFF) }
        case .fair: .fair { $0.number & 15 }
        case .keyed: .keyed { $0.number & 1023 }
        }
    }
}

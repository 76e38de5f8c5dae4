//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Penstock
import PenstockEvents

extension Kernel {
    /// A part of the generated events is enough to have every service and status in it.
    private static let lineCount = 64

    static let scanEvent = Kernel(
        name: "scan-event",
        operation: "a JSON event of about 200 bytes scanned for two fields, and a filter that reads both"
    ) { count, _ in
        var fields = FieldSet()
        let filter = try FilterExpression("status >= 500 && service == \"checkout\"", fields: &fields)
        let templates = EventTemplates(count: lineCount)
        var found = Array(repeating: JSONField.absent, count: fields.count)
        var sum: UInt64 = 0
        try templates.bytes.withUnsafeBytes { bytes in
            try found.withUnsafeMutableBufferPointer { found in
                for number in 0..<count {
                    let index = number % lineCount
                    // Without its LF.
                    let place = templates.starts[index]..<templates.starts[index + 1] - 1
                    let line = UnsafeRawBufferPointer(rebasing: bytes[place])
                    if let problem = JSONScanner.scan(line, for: fields, into: found) {
                        throw KernelFailure("line \(index + 1) was refused: \(problem.reason)")
                    }
                    switch filter.evaluate(EventView(line: line, fields: UnsafeBufferPointer(found))) {
                    case .keep: sum &+= 1_000_000
                    case .drop: break
                    case .failed(let reason): throw KernelFailure("line \(index + 1): \(reason)")
                    }
                    for field in found { sum &+= UInt64(field.offset) }
                }
            }
        }
        return sum
    }

    static let histogramRecord = Kernel(
        name: "histogram-record",
        operation: "a duration recorded in a latency histogram"
    ) { count, _ in
        var histogram = LatencyHistogram()
        var duration: UInt64 = 1
        for _ in 0..<count {
            // From nanoseconds to seconds, without an order.
            duration = duration &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            histogram.record(duration >> (34 + duration & 15))
        }
        return histogram.sum &+ histogram.percentile(0.5)
    }
}

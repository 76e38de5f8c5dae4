//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

@testable import PenstockBench

/// Made-up figures of a run.
func figures(
    events: Int = 1000,
    done: Int? = nil,
    check: UInt64 = 499_500,
    perSecond throughput: Double = 1_000_000,
    p99: Double = 0,
    wait: Double = 10,
    memory: Double = 21,
    processorTime: Double = 100
) -> BenchFigures {
    BenchFigures(
        events: events,
        done: done ?? events,
        check: check,
        seconds: Double(events) / throughput,
        processorTimePerJob: processorTime,
        latencyP99: p99,
        memoryMiB: memory,
        waits: BenchFigures.Waits(p50: wait / 2, p99: wait, max: wait * 2)
    )
}

/// A made-up measurement of a setting.
func measurement(_ workers: Int, _ capacity: Int, _ batch: Int, _ runs: BenchFigures...) -> TuneMeasurement {
    TuneMeasurement(TuneSetting(workers: workers, capacity: capacity, batch: batch), runs: runs)
}

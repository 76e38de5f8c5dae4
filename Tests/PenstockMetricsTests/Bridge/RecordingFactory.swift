//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import CoreMetrics
import Penstock

/// A backend of swift-metrics that remembers everything, by `name{label=value}`.
final class RecordingFactory: MetricsFactory {
    struct State {
        var counts: [String: Int64] = [:]
        var totals: [String: Double] = [:]
        var values: [String: Double] = [:]
        var made: [String] = []
        var destroyed: [String] = []
    }

    let state = Locked(State())

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> RecordingHandler {
        let labels = dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        let key = labels.isEmpty ? label : "\(label){\(labels)}"
        self.state.withLock { $0.made.append(key) }
        return RecordingHandler(key: key, factory: self)
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.handler(label, dimensions)
    }

    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.handler(label, dimensions)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.handler(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        self.handler(label, dimensions)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.handler(label, dimensions)
    }

    func destroyCounter(_ handler: any CounterHandler) { self.destroy(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { self.destroy(handler) }
    func destroyMeter(_ handler: any MeterHandler) { self.destroy(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { self.destroy(handler) }
    func destroyTimer(_ handler: any TimerHandler) { self.destroy(handler) }

    private func destroy(_ handler: AnyObject) {
        guard let handler = handler as? RecordingHandler else { return }
        self.state.withLock { $0.destroyed.append(handler.key) }
    }
}

private final class RecordingHandler: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler,
    TimerHandler
{
    let key: String
    private let factory: RecordingFactory

    init(key: String, factory: RecordingFactory) {
        self.key = key
        self.factory = factory
    }

    func increment(by amount: Int64) { self.factory.state.withLock { $0.counts[self.key, default: 0] += amount } }
    func increment(by amount: Double) { self.factory.state.withLock { $0.totals[self.key, default: 0] += amount } }
    func decrement(by amount: Double) { self.factory.state.withLock { $0.totals[self.key, default: 0] -= amount } }
    func reset() {}
    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.factory.state.withLock { $0.values[self.key] = value } }
    func record(_ value: Int64) { self.set(Double(value)) }
    func record(_ value: Double) { self.set(value) }
    func recordNanoseconds(_ duration: Int64) { self.set(Double(duration)) }
}

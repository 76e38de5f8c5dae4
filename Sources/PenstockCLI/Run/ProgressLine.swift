//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import PenstockEvents

/// The line that shows how far a run is.
struct ProgressLine {
    /// Ticks that the rate looks back; five are a second.
    private static let ticksBack = 5

    private static let lengthMax = 79

    private var samples: [(seconds: Double, events: Int)] = []

    /// The line for the progress made by now.
    mutating func text(_ progress: PipelineProgress, name: String) -> String {
        let (whole, fraction) = progress.elapsed.components
        let seconds = Double(whole) + Double(fraction) / 1e18
        let events = progress.events.accepted
        self.samples.append((seconds, events))
        if self.samples.count > Self.ticksBack + 1 { self.samples.removeFirst() }
        let first = self.samples.count > 1 ? self.samples[0] : (seconds: 0, events: 0)
        let rate = seconds > first.seconds ? Double(events - first.events) / (seconds - first.seconds) : 0
        var parts = ["\(name.prefix(20))", "\(grouped(events)) events", "\(Self.short(rate)) events/s"]
        if let share = Self.share(progress) { parts.append("\(Int(share * 100)) %") }
        parts.append("\(decimal(seconds, places: 1)) s")
        if progress.isDraining { parts.append("draining") }
        // A line that wraps cannot be erased.
        return String(parts.joined(separator: "  ").prefix(Self.lengthMax))
    }

    // MARK: - Private

    /// How much of the work is done, 0 to 1; nil when nobody knows how much there is.
    private static func share(_ progress: PipelineProgress) -> Double? {
        if let total = progress.bytesTotal, total > 0 { return min(1, Double(progress.bytesRead) / Double(total)) }
        if let total = progress.countTotal, total > 0 {
            return min(1, Double(progress.events.accepted) / Double(total))
        }
        return nil
    }

    private static func short(_ rate: Double) -> String {
        switch rate {
        case ..<1e4: decimal(rate, places: 0)
        case ..<1e6: decimal(rate / 1e3, places: 0) + " K"
        default: decimal(rate / 1e6, places: 2) + " M"
        }
    }
}

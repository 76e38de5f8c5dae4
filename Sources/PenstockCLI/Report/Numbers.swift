//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

/// A whole number with a comma before each three digits.
func grouped(_ number: Int) -> String {
    var result: [Character] = []
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
        if index > 0, index.isMultiple(of: 3) { result.append(",") }
        result.append(digit)
    }
    return (number < 0 ? "-" : "") + String(result.reversed())
}

/// A number with a fixed count of decimals, without Foundation's formatting.
func decimal(_ number: Double, places: Int) -> String {
    guard number.isFinite else { return "\(number)" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (number.magnitude * scale).rounded()
    guard scaled < 9e15 else { return "\(number)" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let sign = number < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + grouped(Int(scaled)) }
    let whole = grouped(Int(padded.dropLast(places)) ?? 0)
    return "\(sign)\(whole).\(padded.suffix(places))"
}

/// A time, in the unit that keeps it short.
func shown(nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    switch value {
    case ..<1e3: return "\(nanoseconds) ns"
    case ..<1e6: return significant(value / 1e3) + " µs"
    case ..<1e9: return significant(value / 1e6) + " ms"
    default: return significant(value / 1e9) + " s"
    }
}

/// A time.
func shown(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let value = Double(seconds) + Double(attoseconds) / 1e18
    if value == 0 { return "0 s" }
    if value < 1 { return shown(nanoseconds: UInt64(max(0, value * 1e9).rounded())) }
    return value.rounded() == value ? "\(grouped(Int(value))) s" : "\(decimal(value, places: 2)) s"
}

/// A count of bytes, in the unit that keeps it short.
func shown(bytes: Int) -> String {
    let value = Double(bytes)
    switch value {
    case ..<1e3: return "\(bytes) B"
    case ..<1e6: return significant(value / 1e3) + " kB"
    case ..<1e9: return significant(value / 1e6) + " MB"
    default: return significant(value / 1e9) + " GB"
    }
}

/// A throughput, in the unit that keeps it short.
func shown(jobsPerSecond rate: Double) -> String {
    switch rate {
    case ..<999.5: decimal(rate, places: 0) + "/s"
    case ..<999_500: significant(rate / 1e3) + " K/s"
    default: significant(rate / 1e6) + " M/s"
    }
}

/// A time in microseconds, in the unit that keeps it short.
func shown(microseconds: Double) -> String {
    shown(nanoseconds: UInt64(max(0, microseconds * 1e3).rounded()))
}

/// An amount of memory.
func shown(mebibytes: Double) -> String {
    decimal(mebibytes, places: mebibytes < 99.95 ? 1 : 0) + " MiB"
}

/// A share of a whole as percent.
func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded()
    let isWhole = tenths.magnitude >= 100 || tenths.truncatingRemainder(dividingBy: 10) == 0
    return decimal(tenths / 10, places: isWhole ? 0 : 1) + " %"
}

/// Three digits that count.
private func significant(_ value: Double) -> String {
    decimal(value, places: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
}

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The lines that generated events are copied from: service events of about 200 bytes.
///
/// Each event is one of the lines with a time of its own, a millisecond after the one before. Copying costs far less
/// than making a line anew, and the lines of a set are as many as data of that kind needs to look varied.
package struct EventTemplates: Sendable {
    /// The lines with their LFs, one behind the other.
    package let bytes: [UInt8]
    /// Where each line begins, and behind the last where it ends.
    package let starts: [Int]
    /// The longest line with its LF.
    let longest: Int

    /// The time of the first event, in milliseconds since 1970.
    static let firstTime = 1_700_000_000_000
    /// Where the digits of the time stand in a line: behind `{"ts":`.
    static let timeOffset = 6
    /// How many digits a time has.
    static let timeDigits = 13

    /// Makes the lines; equal seeds make equal lines.
    package init(count: Int = 4096, seed: UInt64 = 42) {
        var random = SplitMix(state: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 220)
        var starts: [Int] = []
        var longest = 0
        for _ in 0..<count {
            let start = bytes.count
            starts.append(start)
            Self.appendLine(to: &bytes, &random)
            longest = max(longest, bytes.count - start)
        }
        starts.append(bytes.count)
        self.bytes = bytes
        self.starts = starts
        self.longest = longest
    }

    /// How many lines there are.
    var count: Int { self.starts.count - 1 }

    // MARK: - Private

    private static let services = [
        "checkout", "cart", "search", "auth", "payments", "catalog", "shipping", "gateway",
    ]
    private static let statuses = Array(repeating: 200, count: 12) + [201, 204, 301, 404, 429, 500, 502, 503]
    private static let regions = ["eu-west-1", "us-east-1", "ap-south-1"]

    private static func appendLine(to bytes: inout [UInt8], _ random: inout SplitMix) {
        let service = random.element(of: self.services)
        let status = random.element(of: self.statuses)
        let latency = (exp(2.5 + random.normal()) * 10).rounded() / 10
        let user = self.padded(String(random.below(100_000)), to: 5)
        let path = random.element(of: self.services)
        let region = random.element(of: self.regions)
        let size = 200 + random.below(19_800)
        let trace =
            self.padded(String(random.next(), radix: 16), to: 16)
            + self.padded(String(random.next(), radix: 16), to: 16)
        let host = "ip-10-0-\(random.below(256))-\(random.below(256))"
        bytes +=
            """
            {"ts":\(self.firstTime),"service":"\(service)","status":\(status),"latency_ms":\(latency),\
            "user":"u\(user)","path":"/api/v1/\(path)","region":"\(region)","bytes":\(size),\
            "trace":"\(trace)","host":"\(host)"}

            """.utf8
    }

    private static func padded(_ text: String, to width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// A small random number generator whose numbers depend on nothing but its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func element<Element>(of elements: [Element]) -> Element { elements[self.below(elements.count)] }

    /// A normally distributed number, by the method of Box and Muller.
    mutating func normal() -> Double {
        let first = 1 - Double.random(in: 0..<1, using: &self)
        let second = Double.random(in: 0..<1, using: &self)
        return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
    }
}

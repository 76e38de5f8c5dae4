//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import NIOCore
import Tracing

/// The body of a request as it comes: what its events will be, and whether it comes fast enough.
///
/// A class, so that its bytes have one owner wherever it is passed to, and are never copied to be added to.
final class RequestBody {
    /// What the head of its request said.
    let plan: RequestRules.Plan
    /// The trace that the client says it belongs to.
    var trace: ServiceContext?
    /// Whole events, each with an LF behind it but perhaps the last.
    private(set) var lines = BodyLines()
    /// How many bytes have come, after decompression.
    private(set) var bytes = 0
    private let bytesMax: Int
    private var splitter = JSONArraySplitter()
    private let beginning: NIODeadline
    /// The same without the time in which it was the server that did not read.
    private var start: NIODeadline

    init(_ plan: RequestRules.Plan, bytesMax: Int, at start: NIODeadline) {
        self.plan = plan
        self.bytesMax = bytesMax
        self.beginning = start
        self.start = start
        // One allocation for a body of known length. Pages that no byte reaches take no memory.
        if case .bytes(let bytes) = plan.length, !plan.isCompressed { self.lines.reserve(bytes + 1) }
    }

    /// Takes the next bytes; nil when all is well, and what to answer otherwise.
    func take(_ buffer: ByteBuffer) -> HTTPAnswer? {
        self.bytes += buffer.readableBytes
        guard self.bytes <= self.bytesMax else { return .tooLarge(self.bytesMax) }
        self.lines.makeRoom()
        return buffer.withUnsafeReadableBytes { bytes -> HTTPAnswer? in
            switch self.plan.format {
            case .lines:
                self.lines.end.append(contentsOf: bytes)
                return nil
            case .json:
                do throws(JSONArraySplitter.Problem) {
                    try self.splitter.take(bytes, into: &self.lines.end)
                    return nil
                } catch {
                    return Self.refusal(error)
                }
            }
        }
    }

    /// Ends the body; nil when all is well, and what to answer otherwise.
    func finish() -> HTTPAnswer? {
        guard self.plan.format == .json else { return nil }
        do throws(JSONArraySplitter.Problem) {
            try self.splitter.finish()
            return nil
        } catch {
            return Self.refusal(error)
        }
    }

    /// When the client is too slow, unless more comes before.
    ///
    /// - Parameter configuration: How long a body may take, and how many bytes a second it must bring.
    func deadline(_ configuration: HTTPSourceConfiguration) -> NIODeadline {
        let whole = self.beginning + TimeAmount(configuration.bodyTime)
        guard configuration.bodyRateMin > 0 else { return whole }
        let earned = Double(self.bytes) / Double(configuration.bodyRateMin)
        let least = TimeAmount(configuration.headTime).nanoseconds
        let paced = self.start + .nanoseconds(max(least, Int64(min(earned, 1e6) * 1e9)))
        return min(whole, paced)
    }

    /// Leaves out a time in which it was the server that did not read.
    func leaveOut(_ time: TimeAmount) { self.start = self.start + time }

    private static func refusal(_ problem: JSONArraySplitter.Problem) -> HTTPAnswer {
        .refusal(400, "the body cannot be read at byte \(problem.offset): \(problem.reason)")
    }
}
#endif

//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
import CPenstockZlib
import NIOCore

/// A compressed body, inflated as it comes: zlib's format, or members of gzip's one behind another (RFC 1952, 2.2).
///
/// Its limits are those of the whole body, however many members that has.
final class InflateStream {
    /// Why a body cannot be inflated.
    enum Problem: Error {
        /// It is broken, or something else stands behind it.
        case broken
        /// It ends in the middle.
        case cutOff
        /// It is larger than bodies may be.
        case tooLarge
    }

    private enum State {
        /// Nothing has come. Can transition to: `inside`, `broken`.
        case beginning
        /// It is in a member, or in a body of zlib's. Can transition to: `between`, `broken`.
        case inside
        /// A member has come to its end. Can transition to: `inside`, `broken`.
        case between
        /// It cannot go on. Final.
        case broken
    }

    /// The most bytes that are inflated at a time.
    private static let outputBytes = 16 << 10
    /// How a member of gzip's begins; bodies of zlib's do not.
    private static let memberMark: UInt8 = 0x1F

    private let bytesMax: Int
    private let inflater: OpaquePointer
    private var state = State.beginning
    private var isGzip = false
    private var taken = 0
    private var made = 0

    /// Creates a stream; nil when there is no memory for it.
    ///
    /// - Parameter bytesMax: The most bytes that may come, and the most that may come of them.
    init?(bytesMax: Int) {
        guard let inflater = cpenstock_inflater_make() else { return nil }
        self.inflater = inflater
        self.bytesMax = bytesMax
    }

    deinit { cpenstock_inflater_free(self.inflater) }

    /// Inflates some of what has come.
    ///
    /// - Parameter input: Loses what was taken.
    /// - Returns: What came of it, perhaps nothing; nil when all of the input was taken and nothing more can come of it.
    func next(_ input: inout ByteBuffer) throws(Problem) -> ByteBuffer? {
        while true {
            switch self.state {
            case .broken: return nil
            case .beginning:
                guard let first = input.readableBytesView.first else { return nil }
                self.isGzip = first == Self.memberMark
                self.state = .inside
            case .between:
                guard input.readableBytes > 0 else { return nil }
                guard self.isGzip, cpenstock_inflater_begin_member(self.inflater) != 0 else { throw self.fail(.broken) }
                self.state = .inside
            case .inside:
                let output = try self.inflate(&input)
                if output.readableBytes > 0 { return output }
                if case .inside = self.state { return nil }
            }
        }
    }

    /// Tells that no more comes.
    func finish() throws(Problem) {
        switch self.state {
        case .between, .broken: return
        case .beginning, .inside: throw self.fail(.cutOff)
        }
    }

    // MARK: - Private

    private func inflate(_ input: inout ByteBuffer) throws(Problem) -> ByteBuffer {
        var output = ByteBufferAllocator().buffer(capacity: Self.outputBytes)
        var (taken, made, result) = (0, 0, Int32(0))
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.outputBytes) { room in
            input.withUnsafeReadableBytes { bytes in
                result = cpenstock_inflate(
                    self.inflater,
                    bytes.baseAddress,
                    bytes.count,
                    &taken,
                    room.baseAddress,
                    room.count,
                    &made
                )
            }
            return made
        }
        input.moveReaderIndex(forwardBy: taken)
        self.taken += taken
        self.made += made
        if result < 0 { throw self.fail(.broken) }
        if max(self.taken, self.made) > self.bytesMax { throw self.fail(.tooLarge) }
        if Int(result) == CPENSTOCK_INFLATE_END { self.state = .between }
        return output
    }

    private func fail(_ problem: Problem) -> Problem {
        self.state = .broken
        return problem
    }
}
#endif

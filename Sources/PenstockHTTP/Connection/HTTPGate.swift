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

/// What the gate asks about the request that its bytes belong to.
protocol HTTPGateKeeper: AnyObject {
    /// The first bytes of a head have come.
    func headBegan()
    /// The head is longer than heads may be.
    func headTooLong()
    /// The client sends no more, and what it has sent was let through.
    func inputEnded()
    /// How many bytes of a body may come at most; if none, the gate is told later to go on.
    func wantedBodyBytes() -> Int
}

/// Stands before the parser and lets it have as many bytes as the connection is ready for.
///
/// The parser would take all that a read brought, and turn requests into objects that nobody has asked for yet. Behind the
/// gate it sees the head of one request, then its body, and nothing of the next request before the answer has been written:
/// that is what bounds the memory of a connection. Reading from the socket stops as well, so that TCP holds the client.
final class HTTPGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What is let through.
    enum Opening: Equatable {
        /// Nothing.
        case shut
        /// The head of a request, up to its end.
        case head
        /// So many bytes of a body.
        case body(left: Int)
        /// A body that says itself where it ends.
        case chunks
        /// So many bytes, into nowhere.
        case drain(left: Int)
    }

    /// The most that is held back; a client that sends more without waiting for answers is cut off.
    static let heldBytesMax = 192 << 10
    /// The most that goes to the parser at a time where it is not known how much belongs to the request.
    private static let pieceBytes = 4096

    unowned let keeper: any HTTPGateKeeper
    private let headBytesMax: Int
    private var opening = Opening.head
    private var held = ByteBuffer()
    private var headBytes = 0
    /// How much of the blank line behind a head has come: CR, LF, CR, LF.
    private var blankLine = 0
    private var isFeeding = false
    private var hasEnded = false
    private var hasToldEnd = false
    private var context: ChannelHandlerContext?

    init(keeper: any HTTPGateKeeper, headBytesMax: Int) {
        self.keeper = keeper
        self.headBytesMax = headBytesMax
    }

    /// Lets other bytes through from here on.
    func open(_ opening: Opening) {
        self.opening = opening
        if opening == .head {
            self.headBytes = 0
            self.blankLine = 0
        }
        self.resume()
    }

    /// Goes on after there was no room.
    func resume() {
        guard let context, !self.isFeeding else { return }
        self.feed(context)
        self.readMore(context)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        self.readMore(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if case .drain(let left) = self.opening {
            self.opening = .drain(left: left - bytes.readableBytes)
            if left < bytes.readableBytes { context.close(promise: nil) }
            return
        }
        if self.held.readableBytes == 0 {
            self.held = bytes
        } else {
            self.held.writeBuffer(&bytes)
        }
        self.feed(context)
        if self.held.readableBytes > Self.heldBytesMax { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        self.readMore(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The parser would take the end for that of the request, and the answer is still to be written.
        if case .some(.inputClosed) = event as? ChannelEvent {
            self.hasEnded = true
            self.resume()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: - Private

    /// How many bytes may go through at a time at most.
    private var wanted: Int {
        switch self.opening {
        case .shut: 0
        case .head: Self.pieceBytes
        case .drain(let left): left
        case .body(let left): left > 0 ? min(left, self.keeper.wantedBodyBytes()) : 0
        case .chunks: min(Self.pieceBytes, self.keeper.wantedBodyBytes())
        }
    }

    private func readMore(_ context: ChannelHandlerContext) {
        guard self.wanted > 0, self.held.readableBytes == 0 else { return }
        if !self.hasEnded {
            context.read()
        } else if !self.hasToldEnd {
            self.hasToldEnd = true
            self.keeper.inputEnded()
        }
    }

    private func feed(_ context: ChannelHandlerContext) {
        guard !self.isFeeding else { return }
        self.isFeeding = true
        defer { self.isFeeding = false }
        while self.held.readableBytes > 0 {
            let count: Int
            let wanted = min(self.wanted, self.held.readableBytes)
            guard wanted > 0 else { return }
            switch self.opening {
            case .shut: return
            case .drain(_):
                self.held.clear()
                return
            case .body(let left):
                count = wanted
                self.opening = .body(left: left - count)
            case .chunks: count = wanted
            case .head:
                if self.headBytes == 0 { self.keeper.headBegan() }
                count = self.headPiece()
                self.headBytes += count
                guard self.headBytes <= self.headBytesMax else {
                    self.keeper.headTooLong()
                    continue
                }
            }
            guard let piece = self.held.readSlice(length: count) else { return }
            context.fireChannelRead(Self.wrapInboundOut(piece))
        }
        // What was let through need not be kept for the sake of nothing.
        if self.held.readableBytes == 0 { self.held = ByteBuffer() }
    }

    /// How many of the bytes belong to the head, as far as can be seen.
    private func headPiece() -> Int {
        self.held.withUnsafeReadableBytes { bytes in
            for place in 0..<min(bytes.count, Self.pieceBytes) {
                let wanted: UInt8 = self.blankLine.isMultiple(of: 2) ? 0x0D : 0x0A
                if bytes[place] == wanted {
                    self.blankLine += 1
                } else {
                    self.blankLine = bytes[place] == 0x0D ? 1 : 0
                }
                if self.blankLine == 4 {
                    self.blankLine = 0
                    return place + 1
                }
            }
            return min(bytes.count, Self.pieceBytes)
        }
    }
}
#endif

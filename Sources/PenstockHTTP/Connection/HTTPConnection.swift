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
import NIOHTTP1
import PenstockEvents

/// One connection of a client: reads requests one after the other, and answers each.
///
/// Everything happens on the connection's event loop.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    /// Where the connection stands.
    enum State {
        /// It waits for a request; nothing of it has come. Can transition to: `head`, `lingering`, `closed`.
        case idle
        /// The head of a request comes. Can transition to: `body`, `idle`, `lingering`, `closed`.
        case head
        /// The body of a request comes. Can transition to: `waiting`, `idle`, `lingering`, `closed`.
        case body(RequestBody)
        /// The events of a request are on their way. Can transition to: `idle`, `lingering`, `closed`.
        case waiting(PendingAnswer, number: UInt64, closes: Bool)
        /// The last answer was written; what the client still sends is thrown away, so that it can read the answer before
        /// the connection is reset. Can transition to: `closed`.
        case lingering
        /// It is closed. Final.
        case closed
    }

    /// How long a client may take to hang up after its last answer.
    static let lingerTime = TimeAmount.seconds(2)
    /// The most of a body that is taken at a time.
    private static let pieceBytes = 64 << 10
    /// The same where it is compressed: a thousand times as many bytes may come of it at once.
    private static let compressedPieceBytes = 128

    let desk: ServerDesk
    var state = State.idle
    var context: ChannelHandlerContext?
    lazy var gate = HTTPGate(keeper: self, headBytesMax: self.desk.configuration.headBytesMax)
    /// How many bytes of the body are counted at the desk.
    var charged = 0
    /// Since when the body waits for room.
    var waitsSince: NIODeadline?
    /// The next request is not read before the client has read the answers to those before.
    var isUnread = false
    var deadline = NIODeadline.distantFuture
    var alarm: Scheduled<Void>?
    var alarmTime = NIODeadline.distantFuture

    init(desk: ServerDesk) {
        self.desk = desk
    }

    /// Puts the connection and what it reads through into a channel's pipeline, behind TLS if there is any.
    func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = self.desk.configuration.headBytesMax
        limits.maxHeaderListSize = self.desk.configuration.headBytesMax
        limits.maxHeaderFieldCount = 128
        try pipeline.addHandler(self.gate)
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
        try pipeline.addHandler(RequestInflater(bytesMax: self.desk.configuration.bodyBytesMax))
        try pipeline.addHandler(self)
    }

    // MARK: - What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.setDeadline(.now() + TimeAmount(self.desk.configuration.headTime))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), self.state) {
        case (.head(let head), .idle), (.head(let head), .head): self.begin(head)
        case (.body(let bytes), .body(let body)): self.take(bytes, body)
        case (.end, .body(let body)): self.finish(body)
        case (_, .waiting(let pending, let number, _)):
            // The next request came in one piece with a body of unknown length. It is dropped, and its client told so.
            self.state = .waiting(pending, number: number, closes: true)
        case (.end, .idle), (_, .lingering), (_, .closed), (_, .idle), (_, .head), (_, .body): break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.isUnread, context.channel.isWritable {
            self.isUnread = false
            self.gate.open(.head)
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.state {
        case .idle, .head, .body:
            guard let answer = HTTPAnswer(to: error, bodyBytesMax: self.desk.configuration.bodyBytesMax) else {
                context.close(promise: nil)
                return
            }
            self.answer(answer.closing)
        case .waiting(let pending, let number, _):
            if HTTPAnswer(to: error, bodyBytesMax: 0) == nil {
                context.close(promise: nil)
            } else {
                self.state = .waiting(pending, number: number, closes: true)
            }
        case .lingering: break
        case .closed: context.close(promise: nil)
        }
    }

    // MARK: - What the desk tells

    /// The events of its request were handed over, or not.
    func handedOver(_ handOver: PendingAnswer.HandOver) {
        self.release()
        guard case .waiting(var pending, let number, let closes) = self.state else { return }
        pending.handedOver(handOver)
        self.state = .waiting(pending, number: number, closes: closes)
        self.setDeadline(.now() + TimeAmount(self.desk.configuration.answerTime))
        _ = self.answerIfKnown()
    }

    /// The events of its request have their fates.
    ///
    /// - Returns: When the answer has been written; nil when there is nothing to wait for.
    func settle(_ settlement: Settlement) -> EventLoopFuture<Void>? {
        guard case .waiting(var pending, let number, let closes) = self.state else { return nil }
        pending.settle(settlement)
        self.state = .waiting(pending, number: number, closes: closes)
        return self.answerIfKnown()
    }

    /// There is room for bodies again.
    func resume() {
        if let since = self.waitsSince, case .body(let body) = self.state {
            body.leaveOut(.now() - since)
            self.waitsSince = nil
            self.setDeadline(body.deadline(self.desk.configuration))
        }
        self.gate.resume()
    }

    /// It is time to stop: no more requests are read.
    func stop() {
        switch self.state {
        case .idle: self.context?.close(promise: nil)
        case .head, .body: self.answer(.stopped(accepted: 0))
        case .waiting(let pending, let number, _): self.state = .waiting(pending, number: number, closes: true)
        case .lingering, .closed: break
        }
    }

    /// Ends it at once.
    func abort() { self.context?.close(promise: nil) }

    /// Whether an answer is still to come.
    var isWaiting: Bool { if case .waiting = self.state { true } else { false } }
}

extension HTTPConnection: HTTPGateKeeper {
    func wantedBodyBytes() -> Int {
        guard case .body(let body) = self.state else { return self.desk.hasRoom ? Self.pieceBytes : 0 }
        let isCompressed = body.plan.isCompressed
        if self.desk.hasRoom, !isCompressed || self.desk.mayInflate {
            return isCompressed ? Self.compressedPieceBytes : Self.pieceBytes
        }
        if self.waitsSince == nil {
            self.waitsSince = .now()
            if self.desk.hasRoom { self.desk.waitForTurn(self) } else { self.desk.waitForRoom(self) }
            self.setDeadline(.now() + TimeAmount(self.desk.configuration.wait))
        }
        return 0
    }

    func headBegan() {
        guard case .idle = self.state else { return }
        self.state = .head
        // Of the first request the time runs since the connection was made.
        self.setDeadline(min(self.deadline, .now() + TimeAmount(self.desk.configuration.headTime)))
    }

    func headTooLong() {
        let most = self.desk.configuration.headBytesMax
        self.answer(HTTPAnswer.refusal(431, "the head of a request has at most \(most) bytes").closing)
    }

    func inputEnded() {
        switch self.state {
        case .idle, .lingering, .closed: self.context?.close(promise: nil)
        case .head, .body: self.answer(HTTPAnswer.refusal(400, "the request ends in the middle").closing)
        case .waiting: break
        }
    }
}

// MARK: - Requests

extension HTTPConnection {
    private func begin(_ head: HTTPRequestHead) {
        if self.desk.isStopping { return self.answer(.stopped(accepted: 0)) }
        switch self.desk.rules.verdict(on: head) {
        case .refuse(let answer): self.answer(answer)
        case .take(let plan):
            let body = RequestBody(plan, bytesMax: self.desk.configuration.bodyBytesMax, at: .now())
            body.trace = TraceHeaders.context(of: head.headers)
            self.state = .body(body)
            self.setDeadline(body.deadline(self.desk.configuration))
            switch plan.length {
            case .bytes(let count): self.gate.open(.body(left: count))
            case .chunks: self.gate.open(.chunks)
            }
            if plan.wantsContinue { self.write("HTTP/1.1 100 Continue\r\n\r\n") }
        }
    }

    private func take(_ bytes: ByteBuffer, _ body: RequestBody) {
        self.charged += bytes.readableBytes
        self.desk.charge(bytes.readableBytes)
        if body.plan.isCompressed { self.desk.inflated(bytes.readableBytes) }
        if let refusal = body.take(bytes) { return self.answer(refusal.closing) }
        if self.waitsSince == nil { self.setDeadline(body.deadline(self.desk.configuration)) }
    }

    private func finish(_ body: RequestBody) {
        self.gate.open(.shut)
        self.waitsSince = nil
        if let refusal = body.finish() {
            return self.answer(body.plan.closes ? refusal.closing : refusal)
        }
        let number = self.desk.nextNumber()
        let pending = PendingAnswer(self.desk.configuration.acknowledgement)
        self.state = .waiting(pending, number: number, closes: body.plan.closes || self.desk.isStopping)
        self.setDeadline(.now() + TimeAmount(self.desk.configuration.wait))
        let isTaken = self.desk.handOver(body.lines, number: number, trace: body.trace, of: self)
        if !isTaken { self.handedOver(.stopped(0)) }
    }
}
#endif

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
import NIOHTTPCompression
import PenstockEvents

/// One connection of a client: reads requests one after the other, and answers each.
///
/// Everything happens on the connection's event loop.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    /// Where the connection stands.
    private enum State {
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
    private static let lingerTime = TimeAmount.seconds(2)

    private let desk: ServerDesk
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private lazy var gate = HTTPGate(keeper: self, headBytesMax: self.desk.configuration.headBytesMax)
    /// How many bytes of the body are counted at the desk.
    private var charged = 0
    /// Since when the body waits for room.
    private var waitsSince: NIODeadline?
    /// The next request is not read before the client has read the answers to those before.
    private var isUnread = false
    private var deadline = NIODeadline.distantFuture
    private var alarm: Scheduled<Void>?
    private var alarmTime = NIODeadline.distantFuture

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
        let limit = NIOHTTPDecompression.DecompressionLimit.size(self.desk.configuration.bodyBytesMax)
        try pipeline.addHandler(NIOHTTPRequestDecompressor(limit: limit))
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
    func wantsBody() -> Bool {
        if self.desk.hasRoom { return true }
        if self.waitsSince == nil, case .body = self.state {
            self.waitsSince = .now()
            self.desk.waitForRoom(self)
            self.setDeadline(.now() + TimeAmount(self.desk.configuration.wait))
        }
        return false
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

// MARK: - Private

extension HTTPConnection {
    private func begin(_ head: HTTPRequestHead) {
        if self.desk.isStopping { return self.answer(.stopped(accepted: 0)) }
        switch self.desk.rules.verdict(on: head) {
        case .refuse(let answer): self.answer(answer)
        case .take(let plan):
            let body = RequestBody(plan, bytesMax: self.desk.configuration.bodyBytesMax, at: .now())
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
        if !self.desk.handOver(body.takeLines(), number: number, of: self) { self.handedOver(.stopped(0)) }
    }

    private func answerIfKnown() -> EventLoopFuture<Void>? {
        guard case .waiting(let pending, let number, let closes) = self.state, let answer = pending.answer else {
            return nil
        }
        self.desk.forget(number)
        return self.answer(closes || self.desk.isStopping ? answer.closing : answer, isWatched: true)
    }

    private func answer(_ answer: HTTPAnswer) { _ = self.answer(answer, isWatched: false) }

    private func answer(_ answer: HTTPAnswer, isWatched: Bool) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        self.release()
        self.waitsSince = nil
        var buffer = context.channel.allocator.buffer(capacity: 512)
        answer.write(to: &buffer, date: self.desk.date())
        let promise = isWatched ? context.eventLoop.makePromise(of: Void.self) : nil
        context.writeAndFlush(NIOAny(buffer), promise: promise)
        if answer.closes {
            self.state = .lingering
            self.setDeadline(.now() + Self.lingerTime)
            context.close(mode: .output, promise: nil)
            self.gate.open(.drain(left: self.desk.configuration.bodyBytesMax))
        } else {
            self.state = .idle
            self.setDeadline(.now() + TimeAmount(self.desk.configuration.idleTime))
            self.isUnread = !context.channel.isWritable
            self.gate.open(self.isUnread ? .shut : .head)
        }
        return promise?.futureResult
    }

    private func write(_ text: StaticString) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 64)
        buffer.writeStaticString(text)
        context.writeAndFlush(NIOAny(buffer), promise: nil)
    }

    /// Gives the room of its body back.
    private func release() {
        guard self.charged > 0 else { return }
        let charged = self.charged
        self.charged = 0
        self.desk.release(charged)
    }

    private func end() {
        if case .closed = self.state { return }
        if case .waiting(_, let number, _) = self.state {
            _ = self.desk.withdraw(number)
            self.desk.forget(number)
        }
        self.state = .closed
        self.release()
        self.alarm?.cancel()
        self.alarm = nil
        self.desk.remove(self)
    }

    // MARK: - Time

    /// When it is too late for what the state waits for.
    ///
    /// A deadline that moves away costs nothing: the alarm that is set rings, and is set again.
    private func setDeadline(_ deadline: NIODeadline) {
        self.deadline = deadline
        guard self.alarm == nil || deadline < self.alarmTime, let context else { return }
        self.alarm?.cancel()
        self.alarmTime = deadline
        self.alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.ring()
        }
    }

    private func ring() {
        self.alarm = nil
        if NIODeadline.now() < self.deadline { return self.setDeadline(self.deadline) }
        self.deadline = .distantFuture
        switch self.state {
        case .closed: break
        case .idle, .lingering: self.context?.close(promise: nil)
        case .head: self.answer(HTTPAnswer.refusal(408, "the head of the request did not come in time").closing)
        case .body where self.waitsSince != nil:
            self.answer(HTTPAnswer.refusal(429, "too many bodies come at the same time", retryAfter: 1).closing)
        case .body: self.answer(HTTPAnswer.refusal(408, "the body did not come in time").closing)
        case .waiting(let pending, let number, let closes):
            if pending.isHandedOver {
                self.desk.forget(number)
                _ = self.answer(closes ? pending.late.closing : pending.late, isWatched: false)
            } else if self.desk.withdraw(number) {
                self.handedOver(.full)
            } else if pending.isBeingTaken {
                self.desk.forget(number)
                self.answer(pending.late.closing)
            } else {
                // The source has it in its hands: the queue takes it now, or has taken some of it and the rest has to wait.
                var pending = pending
                pending.isBeingTaken = true
                self.state = .waiting(pending, number: number, closes: closes)
                self.setDeadline(.now() + TimeAmount(self.desk.configuration.answerTime))
            }
        }
    }
}

extension HTTPAnswer {
    /// The answer to what the parser or the decompressor has found; nil when there is nobody to answer.
    fileprivate init?(to error: any Error, bodyBytesMax: Int) {
        switch error {
        case HTTPParserError.headerOverflow: self = .refusal(431, "the head of the request is too large")
        case HTTPParserError.invalidVersion: self = .refusal(505, "HTTP/1.1 is spoken here")
        case is HTTPParserError: self = .refusal(400, "this is no HTTP/1.1 request")
        case NIOHTTPDecompression.DecompressionError.limit: self = .tooLarge(bodyBytesMax)
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            self = .refusal(400, "the body cannot be decompressed")
        default: return nil
        }
    }
}
#endif

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

// How a connection answers, and when it does so because time has passed.
extension HTTPConnection {
    func answerIfKnown() -> EventLoopFuture<Void>? {
        guard case .waiting(let pending, let number, let closes) = self.state, let answer = pending.answer else {
            return nil
        }
        self.desk.forget(number)
        return self.answer(closes || self.desk.isStopping ? answer.closing : answer, isWatched: true)
    }

    func answer(_ answer: HTTPAnswer) { _ = self.answer(answer, isWatched: false) }

    func answer(_ answer: HTTPAnswer, isWatched: Bool) -> EventLoopFuture<Void>? {
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

    func write(_ text: StaticString) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 64)
        buffer.writeStaticString(text)
        context.writeAndFlush(NIOAny(buffer), promise: nil)
    }

    /// Gives the room of its body back.
    func release() {
        guard self.charged > 0 else { return }
        let charged = self.charged
        self.charged = 0
        self.desk.release(charged)
    }

    func end() {
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
    func setDeadline(_ deadline: NIODeadline) {
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
                self.handedOver(.full(0))
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
    init?(to error: any Error, bodyBytesMax: Int) {
        switch error {
        case HTTPParserError.headerOverflow: self = .refusal(431, "the head of the request is too large")
        case HTTPParserError.invalidVersion: self = .refusal(505, "HTTP/1.1 is spoken here")
        case is HTTPParserError: self = .refusal(400, "this is no HTTP/1.1 request")
        case InflateStream.Problem.tooLarge: self = .tooLarge(bodyBytesMax)
        case is InflateStream.Problem: self = .refusal(400, "the body cannot be decompressed")
        default: return nil
        }
    }
}
#endif

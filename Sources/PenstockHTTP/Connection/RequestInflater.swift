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

/// Inflates the bodies of requests that come compressed; what is wrong with one is an error of the channel.
final class RequestInflater: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let bytesMax: Int
    /// The body at hand; nil when it is not compressed, or cannot be inflated.
    private var stream: InflateStream?
    private var isBroken = false

    /// Creates what inflates bodies up to a size.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            self.isBroken = false
            self.stream = nil
            if RequestRules.isCompressed(head) {
                self.stream = InflateStream(bytesMax: self.bytesMax)
                self.isBroken = self.stream == nil
                if self.isBroken { return context.fireErrorCaught(InflateStream.Problem.broken) }
            }
            context.fireChannelRead(data)
        case .body(var bytes):
            guard let stream else {
                if !self.isBroken { context.fireChannelRead(data) }
                return
            }
            self.judge(context) { () throws(InflateStream.Problem) in
                while let output = try stream.next(&bytes) {
                    context.fireChannelRead(Self.wrapInboundOut(.body(output)))
                }
            }
        case .end:
            if let stream { self.judge(context) { () throws(InflateStream.Problem) in try stream.finish() } }
            self.stream = nil
            if !self.isBroken { context.fireChannelRead(data) }
        }
    }

    // MARK: - Private

    private func judge(_ context: ChannelHandlerContext, _ body: () throws(InflateStream.Problem) -> Void) {
        do throws(InflateStream.Problem) {
            try body()
        } catch {
            self.stream = nil
            self.isBroken = true
            context.fireErrorCaught(error)
        }
    }
}
#endif

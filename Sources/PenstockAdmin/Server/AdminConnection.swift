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
import Penstock

/// Cuts off a connection whose request does not come in time, and tells the list of connections whether it has one.
///
/// It stands behind the decoder of requests. What comes before that, byte by byte perhaps, ``AdminInput`` tells.
final class AdminConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connections: AdminConnections
    private let requestTime: TimeAmount
    private var requests = AdminRequests()
    private var alarm: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// Creates the handler of a connection.
    ///
    /// - Parameters:
    ///   - connections: The list that it enters.
    ///   - requestTime: How long a request may take to come, and the first one after the connection.
    init(_ connections: AdminConnections, requestTime: TimeAmount) {
        self.connections = connections
        self.requestTime = requestTime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.connections.add(context.channel)
        self.setAlarm()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.stopAlarm()
        self.connections.remove(context.channel)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = Self.unwrapInboundIn(data) {
            self.requests.requestEnded()
            self.stopAlarm()
            self.connections.set(context.channel, isBusy: self.requests.isBusy)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) {
            if self.requests.answerEnded() { self.setAlarm() }
            self.connections.set(context.channel, isBusy: self.requests.isBusy)
        }
        context.write(data, promise: promise)
    }

    /// Something has come, of a request or of what goes before one.
    func bytesCame() {
        if self.requests.bytesCame() { self.setAlarm() }
    }

    // MARK: - Private

    private func setAlarm() {
        guard self.alarm == nil, let context else { return }
        self.alarm = context.eventLoop.assumeIsolated().scheduleTask(in: self.requestTime) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    private func stopAlarm() {
        self.alarm?.cancel()
        self.alarm = nil
    }
}

/// Stands before everything else, TLS too, and tells when something comes.
final class AdminInput: ChannelInboundHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let connection: AdminConnection

    init(_ connection: AdminConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.connection.bytesCame()
        context.fireChannelRead(data)
    }
}

/// Puts the two where they belong, as soon as the rest of a connection's handlers is there.
final class AdminConnectionBuilder: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let connections: AdminConnections
    private let requestTime: TimeAmount

    init(_ connections: AdminConnections, requestTime: TimeAmount) {
        self.connections = connections
        self.requestTime = requestTime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        let connection = AdminConnection(self.connections, requestTime: self.requestTime)
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(connection, position: .after(decoder))
            try pipeline.addHandler(AdminInput(connection), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }
}
#endif
